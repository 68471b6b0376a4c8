import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { quote } from '../../sip/params.ts';

export interface ChallengeOptions {
  readonly realm: string;
  /** What a token must be good for (RFC 6749 §3.3). */
  readonly scope: string;
  /** Where tokens are issued: an HTTPS URI. */
  readonly authzServer: string;
}

/**
 * 401 with a Bearer challenge alone (RFC 8898 §4): JsSIP looks at the last challenge of an answer and fails on one that it does not know, so that a Bearer
 * challenge beside a digest would shut it out. `isInvalid`: the client has sent a token, and it was refused (RFC 6750 §3.1).
 */
export function challengeBearer(request: SipRequest, options: ChallengeOptions, isInvalid: boolean): SipResponse {
  const { realm, scope, authzServer } = options;
  const params = [`realm=${quote(realm)}`, `scope=${quote(scope)}`, `authz_server=${quote(authzServer)}`];
  if (isInvalid) params.push('error="invalid_token"');
  const response = createResponse(request, 401);
  response.headers.append('WWW-Authenticate', `Bearer ${params.join(', ')}`);
  return response;
}
