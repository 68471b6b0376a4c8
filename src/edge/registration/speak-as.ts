import { parseSipUri } from '../../sip/uri.ts';
import { createIdentity, type Identity, identityKey } from './identity.ts';
import { type Registration } from './registration.ts';
import { globalNumberOf } from './telephone-number.ts';
import { isOneOf, namedBy } from './wildcard.ts';

/** A client, with the identities that the registrar allows it. */
export type Speaker = Pick<Registration, 'address' | 'identities' | 'wildcards'>;

/**
 * The identity that a client means by a URI, if it may speak as that: one that the registrar has listed; the same global number as a telephone URI or as a
 * SIP URI with `user=phone` (TS 24.229 §5.2.6.3.1, RFC 3261 §19.1.6); or what a wildcard of the list stands for.
 */
export function identityFor(uri: string, speaker: Speaker): Identity | undefined {
  const key = identityKey(uri);
  const listed = speaker.identities.find((identity) => identity.key === key);
  return listed ?? identityByNumber(uri, speaker) ?? identityByWildcard(uri, speaker);
}

/** A SIP URI that a client writes is that of a number only in its own domain: in another one it would show that domain as the caller's. */
function identityByNumber(uri: string, { address, identities }: Speaker): Identity | undefined {
  const asked = globalNumberOf(uri);
  if (!asked || (asked.host !== undefined && asked.host !== hostOf(address))) return undefined;
  return identities.find(({ number }) => number === asked.number);
}

function identityByWildcard(uri: string, { wildcards }: Speaker): Identity | undefined {
  const named = wildcards.length > 0 ? namedBy(uri) : undefined;
  return named && wildcards.some((wildcard) => isOneOf(wildcard, named)) ? createIdentity(named.uri) : undefined;
}

function hostOf(address: string): string | undefined {
  const uri = parseSipUri(address);
  return uri.ok ? uri.value.host : undefined;
}
