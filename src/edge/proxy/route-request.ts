import { type SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri, type SipUri } from '../../sip/uri.ts';
import { type FlowReference, type FlowTokens } from '../flow/flow-token.ts';
import { type ForbiddenCause } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';

/**
 * Where a request is to go. `flow`: a dialog made through this edge, so the other side's flow. `core`: everything else. `fromDialog`: the
 * Route set begins with our entry for the sender's own side in a dialog of this Call-ID, which nobody has who was in no such dialog; `icid`: what
 * the core charges that dialog under, if the entry says so.
 */
export type RouteDecision =
  | (Way & { readonly kind: 'flow'; readonly flow: FlowReference })
  | (Way & { readonly kind: 'core' })
  | { readonly kind: 'refuse'; readonly status: 400 }
  | { readonly kind: 'refuse'; readonly status: 403; readonly cause: ForbiddenCause };

interface Way {
  readonly fromDialog: boolean;
  readonly icid?: string | undefined;
  /** The sides of the dialog that the Route set has named, which are the sender's own and that of the other client. */
  readonly sides: readonly FlowReference[];
}

export interface RouteContext {
  readonly tokens: FlowTokens;
  readonly home: HomeDomain;
  /** Whether a flow token is of the side that the request comes from. */
  readonly isSender: (flow: FlowReference) => boolean;
  /** Whether a core outside knows this edge by this name; absent when the core is inside. */
  readonly isCoreSide?: ((uri: SipUri) => boolean) | undefined;
}

/** A dialog has two entries of ours, and a preloaded route one; each entry costs an HMAC, so a request does not get to choose how many. */
const MAX_OWN_ENTRIES = 8;
/** Default port of `wss` (RFC 6455 §3). */
const WSS_PORT = 443;

/**
 * RFC 3261 §16.4 and RFC 5626 §5.3: takes our own entries off the Route set of `request` (a copy made for forwarding) and reads from
 * their flow tokens where the request goes. Every dialog has two entries of ours, one for each side. The Route set is split once, so the
 * work is proportional to its length.
 */
export function routeRequest(request: SipRequest, hop: Hop, context: RouteContext): RouteDecision {
  const all = request.headers.getList('Route');
  const routes = undoStrictRouting(request, all, context);
  const flows: FlowReference[] = [];
  let taken = 0;
  for (const route of routes) {
    const token = context.tokens.openEntry(route);
    if (token.kind === 'flow') flows.push(token.flow);
    else {
      const uri = routeUri(route);
      if (!uri) return { kind: 'refuse', status: 400 };
      if (!isOwnHost(uri, hop, context)) break;
      // RFC 5626 §5.3: a token that was tampered with.
      if (token.kind === 'forged') return { kind: 'refuse', status: 403, cause: 'route-tampered' };
      if (uri.user !== undefined) return { kind: 'refuse', status: 403, cause: 'route-without-token' };
    }
    taken += 1;
    if (taken > MAX_OWN_ENTRIES) return { kind: 'refuse', status: 400 };
  }
  const left = routes.slice(taken);
  if (left.length === 0) request.headers.remove('Route');
  else if (left.length < all.length) request.headers.set('Route', left.join(', '));
  // The entry of the sender's own side only says that it came from there.
  const own = flows[0] !== undefined && context.isSender(flows[0]) ? flows.shift() : undefined;
  const flow = flows.at(-1);
  if (!own && !flow) return { kind: 'core', fromDialog: false, sides: [] };
  const fromDialog = own !== undefined && context.tokens.isOf(own.dialog, request.headers.get('Call-ID') ?? '');
  const icid = fromDialog ? own.icid : undefined;
  if (!flow) return { kind: 'core', fromDialog, icid, sides: own && fromDialog ? [own] : [] };
  // A core knows clients by their Path too; a client knows another only by the Route set of their dialog, which leads to nobody outside of it.
  if (hop.kind === 'wic') {
    if (!own) return { kind: 'refuse', status: 403, cause: 'dialog-elsewhere' };
    if (!fromDialog || !areSidesOfOne(own, flow)) return { kind: 'refuse', status: 403, cause: 'other-dialog' };
  }
  return { kind: 'flow', flow, fromDialog, icid, sides: own ? [own, flow] : [flow] };
}

/** Anybody can make dialogs with themselves, of any Call-ID and under any name in To: only the two tokens of one request belong together. */
function areSidesOfOne({ dialog: a }: FlowReference, { dialog: b }: FlowReference): boolean {
  return a?.parties === b?.parties && a?.role !== b?.role;
}

/** A strict router before us has put our own Record-Route into the Request-URI and the real one at the end of the Route set. */
function undoStrictRouting(
  request: SipRequest,
  routes: readonly string[],
  { tokens }: RouteContext,
): readonly string[] {
  const last = routes.at(-1);
  const uri = last === undefined ? undefined : parseSipUri(request.uri);
  if (last === undefined || !uri?.ok || tokens.open(uri.value.user).kind !== 'flow') return routes;
  const target = parseNameAddr(last);
  if (!target.ok) return routes;
  const own = `<${request.uri}>`;
  request.uri = target.value.uri;
  return [own, ...routes.slice(0, -1)];
}

function routeUri(text: string): SipUri | undefined {
  const nameAddr = parseNameAddr(text);
  const uri = nameAddr.ok ? parseSipUri(nameAddr.value.uri) : undefined;
  return uri?.ok ? uri.value : undefined;
}

function isNameOf({ authority, self }: Hop, name: string): boolean {
  return name === authority || self.otherNames?.has(name) === true;
}

/**
 * JsSIP's pre-loaded route names the WebSocket's authority, not the SIP domain. Where the core is outside, it is the one that goes by the
 * name of the domain, and the edge only on the side of the WebSockets.
 */
function isOwnHost(uri: SipUri, hop: Hop, { home, isCoreSide }: RouteContext): boolean {
  if (isNameOf(hop, uri.port === undefined ? uri.host : `${uri.host}:${uri.port}`)) return true;
  // A Host header leaves the default port out where the WebSocket's URI, and JsSIP's Route after it, may have it.
  if (uri.port === WSS_PORT && isNameOf(hop, uri.host)) return true;
  if (!isCoreSide) return home.holds(uri);
  return isCoreSide(uri) || (home.holds(uri) && /^wss?$/i.test(uri.params.get('transport') ?? ''));
}
