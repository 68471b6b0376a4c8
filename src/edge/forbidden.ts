import { createResponse } from '../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../sip/message.ts';
import { reasonPhrase } from '../sip/status.ts';

/** Why the edge answers 403. The reason phrase is all that the user of a browser phone ever sees. */
const PHRASES = {
  'from-not-registered': 'From is not registered on this connection',
  'not-registered': 'not registered',
  /** A client that has reconnected proves with its next REGISTER that it is the same one. */
  'dialog-elsewhere': 'dialog of another connection: register first',
  'dialog-from': 'From and To are not those of the dialog',
  'dialog-ended': 'dialog has ended',
  'dialog-target': 'Request-URI is an address outside of the dialog',
  'other-dialog': 'Route is not that of the dialog',
  'route-tampered': 'Route token was tampered with',
  'route-without-token': 'Route without a token of this edge',
  'reaches-clients': 'may not reach other clients directly',
  'out-of-core': 'Route leads out of the core',
  'not-of-domain': 'not a user of this domain',
  /** Said by reg-event, with the event `rejected` (RFC 3680 §5.1). */
  'rejected-by-core': 'the network has ended this registration: try again later',
  'other-login': 'password of another user',
  'third-party': 'REGISTER for another user',
  'asked-for-password': 'the other side asked for a password',
  'token-client': 'web token of a web server that is not known here',
  'token-origin': 'web token is not meant for this page',
  'token-identity': 'web token is for another identity',
  'token-pool': 'identity is not of the pool of its web server',
  'token-in-use': 'identity of a pool is in use',
  'token-insecure': 'web token over a connection that is not encrypted',
  /** TS 33.203 P.4: the scheme of a registration stays the same. */
  'other-sign-in': 'this connection has signed in another way',
} as const;

export type ForbiddenCause = keyof typeof PHRASES;

export const FORBIDDEN_CAUSES = Object.keys(PHRASES) as readonly ForbiddenCause[];

export function forbiddenPhrase(cause: ForbiddenCause): string {
  return `${reasonPhrase(403)} (${PHRASES[cause]})`;
}

export function forbidden(request: SipRequest, cause: ForbiddenCause): SipResponse {
  return createResponse(request, 403, { reason: forbiddenPhrase(cause) });
}
