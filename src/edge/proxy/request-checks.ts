import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { BRANCH_MAGIC_COOKIE } from '../../sip/token.ts';
import { parseSipUri, type SipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type LoopDetection } from './loop-detection.ts';

export type CheckedRequest =
  { readonly ok: true; readonly uri: SipUri } | { readonly ok: false; readonly response: SipResponse };

/** Says what was wrong, where the reason phrase is all a user of a browser phone will ever see. */
export function badRequest(request: SipRequest, what: string): SipResponse {
  return createResponse(request, 400, { reason: `Bad Request (${what.replaceAll('-', ' ')})` });
}

/** RFC 3261 §16.3 from step 1 on, for a request whose essentials have parsed. */
export function checkRequest(request: SipRequest, essentials: RequestEssentials, loops: LoopDetection): CheckedRequest {
  const refuse = (status: number): CheckedRequest => ({ ok: false, response: createResponse(request, status) });

  // Step 1: without the magic cookie a branch identifies no transaction (§17.2.3); clients of before RFC 3261 had no WebSocket.
  if (!(essentials.via.params.get('branch') ?? '').startsWith(BRANCH_MAGIC_COOKIE)) {
    return { ok: false, response: badRequest(request, 'via branch') };
  }
  // Step 2: URI scheme.
  const uri = parseSipUri(request.uri);
  if (!uri.ok) {
    return uri.reason === 'unsupported-scheme'
      ? refuse(416)
      : { ok: false, response: badRequest(request, 'request-uri') };
  }
  // §19.1.1: header fields in a Request-URI would be those of somebody else's next request.
  if (uri.value.headers !== undefined) return { ok: false, response: badRequest(request, 'headers in request-uri') };
  // Step 3: Max-Forwards. REGISTER ends here whatever its count.
  if (essentials.maxForwards === 0 && request.method !== 'REGISTER') return refuse(483);
  // Step 4: loops.
  if (loops.hasLooped(request)) return refuse(482);
  // Step 5: extensions this proxy would have to understand; it knows none.
  const required = request.headers.getAll('Proxy-Require');
  if (required.length > 0) {
    const response = createResponse(request, 420);
    for (const value of required) response.headers.append('Unsupported', value);
    return { ok: false, response };
  }
  return { ok: true, uri: uri.value };
}
