import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { MIN_SESSION_SEC, readSessionTimer } from './session-timer.ts';

const EXTENSIONS = new Set(['timer']);

/** The answer to a request that demands what no peer can do: an extension, a kind of body, a session that is too short. */
export function refuseDemands(request: SipRequest): SipResponse | undefined {
  const unsupported = request.headers.getList('Require').filter((tag) => !EXTENSIONS.has(tag.toLowerCase()));
  if (unsupported.length > 0) return refuse(request, 420, 'Unsupported', unsupported.join(', '));
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return undefined;
  if (request.body.length > 0 && !isSdp(request)) return refuse(request, 415, 'Accept', 'application/sdp');
  return readSessionTimer(request.headers).kind === 'too-small'
    ? refuse(request, 422, 'Min-SE', String(MIN_SESSION_SEC))
    : undefined;
}

function isSdp({ headers }: SipRequest): boolean {
  return /^application\/sdp\s*(;|$)/i.test(headers.get('Content-Type') ?? '');
}

function refuse(request: SipRequest, status: number, header: string, value: string): SipResponse {
  const response = createResponse(request, status);
  response.headers.append(header, value);
  return response;
}
