import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';

/** With the Retry-After of a refusal for load, in seconds. */
export function tryLater(response: SipResponse, retryAfterSec: number | string): SipResponse {
  response.headers.append('Retry-After', String(retryAfterSec));
  return response;
}

/** It speaks for the whole edge: its receiver sends nothing more for so long, or goes elsewhere (RFC 3261 §21.5.4). */
export function overloaded(request: SipRequest, retryAfterSec: number): SipResponse {
  return tryLater(createResponse(request, 503), retryAfterSec);
}

/** One receiver only has no place left. */
export function swamped(request: SipRequest, retryAfterSec: number): SipResponse {
  return tryLater(createResponse(request, 480), retryAfterSec);
}

/** The sender has as many requests open as it may: what goes on goes on, within its dialogs too (RFC 5057 §5.2). */
export function tooManyOpen(request: SipRequest, retryAfterSec: number): SipResponse {
  const reason = 'Server Internal Error (too many requests open on this connection)';
  return tryLater(createResponse(request, 500, { reason }), retryAfterSec);
}
