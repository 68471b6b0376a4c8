import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';

/** A response with the Retry-After of a refusal for load, in seconds. */
export function tryLater(response: SipResponse, retryAfterSec: number | string): SipResponse {
  response.headers.append('Retry-After', String(retryAfterSec));
  return response;
}

/** The 503 of an edge without room for the request. Its receiver sends nothing more for so long, or goes elsewhere (RFC 3261 §21.5.4). */
export function overloaded(request: SipRequest, retryAfterSec: number): SipResponse {
  return tryLater(createResponse(request, 503), retryAfterSec);
}

/** The refusal when only the receiver of the request has no room left. */
export function swamped(request: SipRequest, retryAfterSec: number): SipResponse {
  return tryLater(createResponse(request, 480), retryAfterSec);
}

/** The refusal when the sender has as many requests open as it may have. Its dialogs go on (RFC 5057 §5.2). */
export function tooManyOpen(request: SipRequest, retryAfterSec: number): SipResponse {
  const reason = 'Server Internal Error (too many requests open on this connection)';
  return tryLater(createResponse(request, 500, { reason }), retryAfterSec);
}
