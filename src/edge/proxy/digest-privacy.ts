import { type SipHeaders, type SipResponse } from '../../sip/message.ts';
import { forbiddenPhrase } from '../forbidden.ts';
import { type Hop } from '../hop.ts';

/*
 * Digest runs between a WIC and the core, never between two WICs. SIP libraries answer a challenge of any realm with the one password they
 * were given, and a proof for a nonce of the challenger's choice lets it guess that password offline. So neither side of the exchange
 * crosses to another WIC, whatever the realm; to and from a core it passes untouched.
 */

const CHALLENGES = ['WWW-Authenticate', 'Proxy-Authenticate'];
const PROOFS = ['Authorization', 'Proxy-Authorization'];

/** Takes credentials off a request to another client: only servers may see them. */
export function stripProofs(headers: SipHeaders, target: Hop): void {
  if (target.kind !== 'wic') return;
  for (const name of PROOFS) headers.remove(name);
}

/**
 * A response from `source` as its caller may see it. A 401 or 407 must carry a challenge (RFC 3261 §20.44, §20.27) and would bring the
 * caller back with credentials: without one it is a refusal that credentials do not mend, 403 (§21.4.4).
 */
export function withoutForeignChallenges(response: SipResponse, source: Hop): SipResponse {
  if (source.kind !== 'wic') return response;
  for (const name of CHALLENGES) response.headers.remove(name);
  if (response.status !== 401 && response.status !== 407) return response;
  return { ...response, status: 403, reason: forbiddenPhrase('asked-for-password') };
}
