import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseCredentialRequest } from '../../sip/turn-credential.ts';
import { addCapabilities } from '../capabilities.ts';
import { forbidden } from '../forbidden.ts';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';
import { type CredentialInsertion } from './credential-insertion.ts';

const ALLOW =
  'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, MESSAGE, REFER, SUBSCRIBE, NOTIFY, PRACK, PUBLISH, OPTIONS, REGISTER';

/**
 * OPTIONS to the home domain itself, answered here (RFC 3261 §11.2): the way to a fresh credential before the old one ends, without a new
 * registration. `registration` is the sender's, if it has one on this flow.
 */
export function answerOptions(
  request: SipRequest,
  hop: Hop,
  registration: Registration | undefined,
  insertion: CredentialInsertion,
): Outcome<SipResponse> {
  const ask = parseCredentialRequest(request.headers);
  if (!registration || ask?.kind === 'malformed') return refuseOptions(request, hop, insertion);
  const response = createResponse(request, 200);
  addCapabilities(response, ALLOW);
  if (!ask) return response;
  return mapOutcome(insertion.insert({ response, ask, registration, via: 'OPTIONS' }), (outcome) =>
    outcome.kind === 'limited' ? limited(request, response, outcome.retryAfterSec) : response,
  );
}

/** The refusal of an OPTIONS for a credential, from a sender without a registration on this flow or with a TURN-Cred-Req that cannot be read. */
export function refuseOptions(request: SipRequest, hop: Hop, insertion: CredentialInsertion): SipResponse {
  const ask = parseCredentialRequest(request.headers);
  if (ask?.kind === 'malformed') {
    insertion.refused(hop, 'malformed', 'OPTIONS');
    return createResponse(request, 400, { reason: 'Bad Request (TURN-Cred-Req)' });
  }
  if (ask) insertion.refused(hop, 'unregistered', 'OPTIONS');
  return forbidden(request, 'not-registered');
}

/** The 503 to an OPTIONS that comes too often, with the TURN-Cred-Rsp of `response`. */
function limited(request: SipRequest, response: SipResponse, retryAfterSec: number): SipResponse {
  const refusal = createResponse(request, 503);
  refusal.headers.append('Retry-After', String(retryAfterSec));
  for (const field of response.headers.fields) {
    if (field.key.startsWith('turn-cred-rsp')) refusal.headers.appendField(field);
  }
  return refusal;
}
