import { parseSipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type HomeDomain } from '../home-domain.ts';
import { identityKey } from '../registration/identity.ts';

/**
 * Whether a Request-URI may be the remote target of a dialog (RFC 3261 §12.1.1): the Contact of the other party, which nobody but the two knows. An address
 * of another user than that, be it with the `gr` of a device (RFC 5627 §3.1), is none: a core would find that user. A temporary GRUU says nothing of whose it is.
 */
export function mayBeRemoteTarget(requestUri: string, { to }: RequestEssentials, home: HomeDomain): boolean {
  const uri = parseSipUri(requestUri);
  if (!uri.ok) return false;
  const { user, params } = uri.value;
  const isTemporary = params.has('gr') && params.get('gr') === undefined;
  if (user === undefined || !home.holds(uri.value) || isTemporary) return true;
  return identityKey(requestUri) === identityKey(to.uri);
}
