import { createResponse } from '../../sip/create-response.ts';
import { headerKey } from '../../sip/header-names.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { BRANCH_MAGIC_COOKIE } from '../../sip/token.ts';
import { parseSipUri, type SipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type LoopDetection } from './loop-detection.ts';

/** The client wants no hop to act that knows nothing of TURN credentials. */
const KNOWN_EXTENSION = 'turn-cred';
/** The fields that may ask for it. Most requests have neither. */
const ASKED: ReadonlySet<string> = new Set(['Proxy-Require', 'Require'].map(headerKey));
const NOTHING: readonly string[] = [];
/** How many option tags of Proxy-Require are looked at. */
const MAX_EXTENSIONS = 32;
/** Found without splitting a list that is the callee's to read. */
const AGREEMENT = /(?:^|,)[ \t]*(sec-agree)[ \t]*(?=,|$)/i;
/** Methods that this edge, or the embedded core, answers itself. */
const MAY_END_HERE = new Set(['REGISTER', 'OPTIONS']);

export type CheckedRequest =
  /** `uri`: the Request-URI, unless it is of another scheme, which the core knows to route. */
  { readonly ok: true; readonly uri: SipUri | undefined } | { readonly ok: false; readonly response: SipResponse };

/** Says what was wrong, where the reason phrase is all a user of a browser phone will ever see. */
export function badRequest(request: SipRequest, what: string): SipResponse {
  return createResponse(request, 400, { reason: `Bad Request (${what.replaceAll('-', ' ')})` });
}

/**
 * Whether this is a SUBSCRIBE to registrations (RFC 3680). A registrar answers it and no client does: a core that passes on what it does not understand
 * would have a client tell an edge who the client may speak as.
 */
export function asksForRegistrations({ method, headers }: SipRequest): boolean {
  return method === 'SUBSCRIBE' && /^[ \t]*reg[ \t]*(?:;|$)/i.test(headers.get('Event') ?? '');
}

export function badEvent(request: SipRequest): SipResponse {
  return createResponse(request, 489);
}

export interface CheckContext {
  readonly loops: LoopDetection;
  /** Whether a Request-URI of another scheme than SIP's has a way to go. */
  readonly takesUri: (requestUri: string) => boolean;
}

/** RFC 3261 §16.3 from step 1 on, for a request whose essentials have parsed. */
export function checkRequest(
  request: SipRequest,
  essentials: RequestEssentials,
  { loops, takesUri }: CheckContext,
): CheckedRequest {
  const refuse = (status: number): CheckedRequest => ({ ok: false, response: createResponse(request, status) });

  // Step 1: without the magic cookie a branch identifies no transaction (§17.2.3); clients of before RFC 3261 had no WebSocket.
  if (!(essentials.via.params.get('branch') ?? '').startsWith(BRANCH_MAGIC_COOKIE)) {
    return { ok: false, response: badRequest(request, 'via branch') };
  }
  // Step 2: URI scheme. A registrar is named by a SIP URI (§10.2); all else goes where its Route leads, whatever it is for (§16.6 step 6).
  const parsed = parseSipUri(request.uri);
  if (!parsed.ok) {
    if (parsed.reason === 'malformed') return { ok: false, response: badRequest(request, 'request-uri') };
    if (request.method === 'REGISTER' || !takesUri(request.uri)) return refuse(416);
  }
  const uri = parsed.ok ? parsed.value : undefined;
  // §19.1.1: header fields in a Request-URI would be those of somebody else's next request.
  if (uri?.headers !== undefined) return { ok: false, response: badRequest(request, 'headers in request-uri') };
  // Step 3: Max-Forwards. What may be for this edge itself is judged where it would go on.
  if (essentials.maxForwards === 0 && !MAY_END_HERE.has(request.method)) return refuse(483);
  // Step 4: loops.
  if (loops.hasLooped(request)) return refuse(482);
  // Step 5: extensions this proxy would have to understand.
  const unsupported = request.headers.derive(unknownExtensions);
  if (!unsupported) return { ok: false, response: badRequest(request, 'too many option tags') };
  if (unsupported.length > 0) {
    const response = createResponse(request, 420);
    response.headers.append('Unsupported', unsupported.join(', '));
    return { ok: false, response };
  }
  return { ok: true, uri };
}

/** What Proxy-Require asks of this proxy is done: the next one must not be asked for it. */
export function consumeProxyRequire(headers: SipHeaders): void {
  headers.remove('Proxy-Require');
}

/**
 * Option tags that this proxy would have to know; `undefined` where there are too many to look at. RFC 3329 §2.3.1: a client asks its first hop for
 * `sec-agree` in Require too. It is protected by TLS here, with nothing to agree on.
 */
function unknownExtensions(headers: SipHeaders): readonly string[] | undefined {
  if (!headers.hasAny(ASKED)) return NOTHING;
  const asked = headers.getList('Proxy-Require', MAX_EXTENSIONS + 1);
  if (asked.length > MAX_EXTENSIONS) return undefined;
  const unknown = asked.filter((tag) => tag.toLowerCase() !== KNOWN_EXTENSION);
  const agreement = headers.getAll('Require').flatMap((value) => AGREEMENT.exec(value)?.[1] ?? []);
  return [...new Set([...unknown, ...agreement])];
}
