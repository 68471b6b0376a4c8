import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { REG_EVENT } from './dialog.ts';
import { parseReginfo, type Reginfo, REGINFO_TYPE } from './reginfo.ts';
import { type Subscription } from './subscription.ts';

/**
 * Answers a NOTIFY (RFC 6665 §4.1.3, RFC 3261 §12.2.2) and has what is news in it obeyed before the answer leaves. `subscription`: whose dialog it is of;
 * `undefined`: of none.
 */
export function answerNotify(
  request: SipRequest,
  essentials: RequestEssentials,
  subscription: Subscription | undefined,
  obey: (reginfo: Reginfo) => void,
): SipResponse {
  const { headers, body } = request;
  if (!subscription) return createResponse(request, 481);
  if (tokenOf(headers.get('Event')) !== REG_EVENT) return createResponse(request, 489);
  const waitSec = subscription.waitSec();
  if (waitSec > 0) {
    const response = createResponse(request, 503);
    response.headers.append('Retry-After', String(waitSec));
    return response;
  }
  if (!subscription.notified(request, essentials)) return createResponse(request, 500);
  if (body.length === 0) {
    subscription.takeState(headers);
    return createResponse(request, 200);
  }
  if (tokenOf(headers.get('Content-Type')) !== REGINFO_TYPE) {
    const response = createResponse(request, 415);
    response.headers.append('Accept', REGINFO_TYPE);
    return response;
  }
  const reginfo = parseReginfo(body);
  if (!reginfo.ok) {
    subscription.fetch();
    return createResponse(request, 400, { reason: `Bad Request (reginfo ${reginfo.reason.replaceAll('-', ' ')})` });
  }
  const isNews = subscription.isNews(reginfo.value);
  // Before the document, which may leave nobody to tell the core of.
  subscription.takeState(headers);
  if (isNews) obey(reginfo.value);
  return createResponse(request, 200);
}

/** A field's value without its parameters. */
function tokenOf(value = ''): string {
  const semicolon = value.indexOf(';');
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
}
