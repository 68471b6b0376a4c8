import { formatCSeq, parseCSeq } from './cseq.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from './message.ts';

const MAX_FORWARDS = '70';

/** The ACK of a failed INVITE, which goes to the next hop only (RFC 3261 §17.1.1.3). `invite` is the request as it was sent. */
export function createAck(invite: SipRequest, response: SipResponse): SipRequest {
  return createHopRequest(invite, 'ACK', response.headers.get('To') ?? invite.headers.get('To'));
}

/**
 * The CANCEL of a pending request, hop by hop as well (RFC 3261 §9.1). `request` is the request as it was sent. `reasons`: values of Reason
 * (RFC 3326).
 */
export function createCancel(request: SipRequest, reasons: readonly string[] = []): SipRequest {
  const cancel = createHopRequest(request, 'CANCEL', request.headers.get('To'));
  for (const reason of reasons) cancel.headers.append('Reason', reason);
  return cancel;
}

/**
 * A request to the next hop of `request`, with its Request-URI, top Via, route set and dialog identifiers, so that it takes the same path and
 * finds its transaction.
 */
function createHopRequest(request: SipRequest, method: string, to: string | undefined): SipRequest {
  const headers = new SipHeaders();
  const [via] = request.headers.getList('Via', 1);
  if (via !== undefined) headers.append('Via', via);
  headers.append('Max-Forwards', MAX_FORWARDS);
  for (const route of request.headers.getAll('Route')) headers.append('Route', route);
  const from = request.headers.get('From');
  if (from !== undefined) headers.append('From', from);
  if (to !== undefined) headers.append('To', to);
  const callId = request.headers.get('Call-ID');
  if (callId !== undefined) headers.append('Call-ID', callId);
  const cseq = parseCSeq(request.headers.get('CSeq') ?? '');
  if (cseq.ok) headers.append('CSeq', formatCSeq({ sequence: cseq.value.sequence, method }));
  return { kind: 'request', method, uri: request.uri, headers, body: NO_BODY };
}
