import { type SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri, type SipUri } from '../../sip/uri.ts';
import { type Hop } from '../flow/hop.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type FlowTokens } from './flow-token.ts';

/**
 * Where a request is to go. `flow`: a dialog made through this edge, so the other side's flow. `core`: everything else.
 */
export type RouteDecision =
  | { readonly kind: 'flow'; readonly flowId: string }
  | { readonly kind: 'core' }
  | { readonly kind: 'refuse'; readonly status: 400 | 403 };

export interface RouteContext {
  readonly tokens: FlowTokens;
  readonly home: HomeDomain;
}

/**
 * RFC 3261 §16.4 and RFC 5626 §5.3: takes our own entries off the Route set of `request` (a copy made for forwarding) and reads from
 * their flow tokens where the request goes. Every dialog has two entries of ours, one for each side.
 */
export function routeRequest(request: SipRequest, hop: Hop, context: RouteContext): RouteDecision {
  undoStrictRouting(request, context);
  const flowIds: string[] = [];
  for (let [top] = request.headers.getList('Route'); top !== undefined; [top] = request.headers.getList('Route')) {
    const uri = routeUri(top);
    if (!uri) return { kind: 'refuse', status: 400 };
    const token = context.tokens.open(uri.user);
    if (token.kind === 'flow') flowIds.push(token.flowId);
    else if (!isOwnHost(uri, hop, context.home)) break;
    // RFC 5626 §5.3: a token that was tampered with.
    else if (uri.user !== undefined) return { kind: 'refuse', status: 403 };
    request.headers.removeFirst('Route');
  }
  // The entry of the sender's own side only says that it came from there.
  if (flowIds[0] === hop.id) flowIds.shift();
  const flowId = flowIds.at(-1);
  return flowId === undefined ? { kind: 'core' } : { kind: 'flow', flowId };
}

/** A strict router before us has put our own Record-Route into the Request-URI and the real one at the end of the Route set. */
function undoStrictRouting(request: SipRequest, { tokens }: RouteContext): void {
  const uri = parseSipUri(request.uri);
  const routes = request.headers.getList('Route');
  const last = routes.pop();
  if (!uri.ok || last === undefined || tokens.open(uri.value.user).kind !== 'flow') return;
  const target = parseNameAddr(last);
  if (!target.ok) return;
  const own = `<${request.uri}>`;
  request.uri = target.value.uri;
  request.headers.set('Route', [own, ...routes].join(', '));
}

function routeUri(text: string): SipUri | undefined {
  const nameAddr = parseNameAddr(text);
  const uri = nameAddr.ok ? parseSipUri(nameAddr.value.uri) : undefined;
  return uri?.ok ? uri.value : undefined;
}

/** JsSIP's pre-loaded route names the WebSocket's authority, not the SIP domain. */
function isOwnHost(uri: SipUri, hop: Hop, home: HomeDomain): boolean {
  const authority = uri.port === undefined ? uri.host : `${uri.host}:${uri.port}`;
  return home.holds(uri) || authority === hop.authority;
}
