import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type SipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type CoreTarget } from '../core/ims-core.ts';
import { type EmergencyServices } from '../emergency-services.ts';
import { type FlowReference, type FlowTokens } from '../flow/flow-token.ts';
import { type ForbiddenCause } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { type Registrations } from '../registration/registrations.ts';
import { mayBeRemoteTarget } from './remote-target.ts';
import {
  asksForRegistrations,
  badEvent,
  type CheckContext,
  checkRequest,
  consumeProxyRequire,
} from './request-checks.ts';
import { type RouteDecision, routeRequest } from './route-request.ts';
import { type KnownSender, registrationOf, type SenderFinder } from './sender-finder.ts';
import { type TargetFinder } from './target-finder.ts';

/** The facts that a plan is made from. Reading them changes nothing, so planning the same request twice gives the same plan. */
export interface PlanFacts {
  readonly home: HomeDomain;
  readonly tokens: FlowTokens;
  readonly registrations: Pick<Registrations, 'first'>;
  readonly senders: SenderFinder;
  readonly targets: TargetFinder;
  readonly checks: CheckContext;
  readonly emergency: Pick<EmergencyServices, 'calledIn' | 'isServed'>;
  /** Whether WICs may be joined without asking the core. */
  readonly joinsWics: boolean;
  /** Whether a core outside knows this edge by this name; absent when the core is inside. */
  readonly isCoreSide?: ((uri: SipUri) => boolean) | undefined;
}

/** The sender of a request, once it is known. */
export interface Speaker {
  readonly kind: 'speaker';
  /** The Request-URI; absent when its scheme is not a SIP scheme. */
  readonly uri: SipUri | undefined;
  /** The registration or dialog in whose name a client speaks. Absent for a core, and for REGISTER. */
  readonly sender: KnownSender | undefined;
  /** The emergency service that an emergency call asks for; absent in other requests. */
  readonly emergency?: string;
}

export type Judgement =
  | Speaker
  /** The request is refused with this response. */
  | { readonly kind: 'reject'; readonly response: SipResponse }
  /** Nobody is registered here as whom it says it is. */
  | { readonly kind: 'stranger'; readonly cause: ForbiddenCause }
  /** An OPTIONS for the edge itself, from a sender who is not registered here. */
  | { readonly kind: 'visitor' }
  /** An emergency call that goes no further. `edgeUri`: of the caller's registration. */
  | { readonly kind: 'no-help'; readonly service: string; readonly edgeUri: string | undefined };

/** How a request goes on. `copy` is what is forwarded: the request without our own Route entries. */
export type Plan =
  | Extract<RouteDecision, { readonly kind: 'refuse' }>
  /** The edge itself answers this OPTIONS. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'register'; readonly copy: SipRequest }
  | OnwardPlan;

export type OnwardPlan =
  /** The request goes along a dialog to the other party. `target` is absent when that device is gone. */
  | (Way & { readonly kind: 'to-flow'; readonly target: CoreTarget | undefined })
  /** The request goes to the client that has registered the Request-URI as its Contact. */
  | (Way & { readonly kind: 'join'; readonly target: CoreTarget })
  | (Way & { readonly kind: 'to-core'; readonly edgeUri: string | undefined; readonly emergency?: string });

interface Way {
  readonly copy: SipRequest;
  /** Whether the request belongs to a dialog that was made through this edge. A client that says so, and brings no Route of one, is in none. */
  readonly inDialog: boolean;
  /** What the core charges that dialog under, if it has begun it and said so. */
  readonly icid?: string | undefined;
  /** The sides of that dialog that the Route set has named: the sender's own and that of the other client. */
  readonly sides: readonly FlowReference[];
}

/** RFC 3261 §16.3, and in whose name the request speaks: all that is settled before anybody's allowance is. */
export function judgeRequest(
  request: SipRequest,
  essentials: RequestEssentials,
  hop: Hop,
  facts: PlanFacts,
): Judgement {
  const checked = checkRequest(request, essentials, facts.checks);
  if (!checked.ok) return { kind: 'reject', response: checked.response };
  const { uri } = checked;
  if (hop.kind === 'core' && asksForRegistrations(request)) return { kind: 'reject', response: badEvent(request) };
  if (hop.kind === 'core' || request.method === 'REGISTER') return { kind: 'speaker', uri, sender: undefined };
  const service = request.method === 'ACK' ? undefined : facts.emergency.calledIn(request, essentials, uri);
  const sender = facts.senders.find(request, essentials, hop);
  if (service !== undefined) {
    // Whoever is registered on the connection may call for help, whatever From says.
    const registration = registrationOf(sender) ?? facts.registrations.first(hop);
    if (!registration || !facts.emergency.isServed) return { kind: 'no-help', service, edgeUri: registration?.edgeUri };
    return { kind: 'speaker', uri: undefined, sender: { kind: 'registered', registration }, emergency: service };
  }
  if (sender.kind !== 'stranger') return { kind: 'speaker', uri, sender };
  // A client speaks for the user it is registered as, and for no other. Stricter than TS 24.229 §5.2.6.3.1, where From plays no part in whom a request
  // is asserted to be of: another client is shown From as well.
  return isForEdge(request, uri, facts) ? { kind: 'visitor' } : sender;
}

/** RFC 3261 §16.4 to §16.6 step 6: where a request goes that may go on. */
export function planRequest(
  request: SipRequest,
  essentials: RequestEssentials,
  hop: Hop,
  speaker: Speaker,
  facts: PlanFacts,
): Plan {
  const { uri, sender, emergency } = speaker;
  const { home, tokens, senders, targets, isCoreSide } = facts;
  const { method, body } = request;
  const copy: SipRequest = { kind: 'request', method, uri: request.uri, headers: request.headers.clone(), body };
  consumeProxyRequire(copy.headers);
  const edgeUri = registrationOf(sender)?.edgeUri;
  if (emergency !== undefined) {
    // A Route says nothing of where help is.
    copy.headers.remove('Route');
    return { kind: 'to-core', copy, inDialog: false, sides: [], edgeUri, emergency };
  }
  // §16.4
  const route = routeRequest(copy, hop, {
    tokens,
    home,
    isCoreSide,
    isSender: (flow) => senders.isOwn(flow, essentials, hop, sender),
  });
  if (route.kind === 'refuse') return route;
  const reachesWics = hop.kind === 'core' || facts.joinsWics;
  if (route.kind === 'flow' && !reachesWics) return { kind: 'refuse', status: 403, cause: 'reaches-clients' };
  // Whom nothing but a dialog lets speak speaks to its other party alone.
  const isWithin = route.fromDialog && (route.kind === 'flow' || !reachesWics);
  if (sender?.kind === 'party' && !isWithin) return { kind: 'refuse', status: 403, cause: 'other-dialog' };
  // Whoever hangs up begins nothing, whomever that reaches.
  if (sender?.kind === 'party' && route.kind === 'core' && request.method !== 'BYE') {
    const isTarget = mayBeRemoteTarget(copy.uri, essentials, facts.home);
    if (!isTarget) return { kind: 'refuse', status: 403, cause: 'dialog-target' };
  }
  if (request.method === 'REGISTER') return { kind: 'register', copy };
  if (hop.kind === 'wic' && route.kind === 'core' && !copy.headers.has('Route') && isForEdge(request, uri, facts)) {
    return { kind: 'answer' };
  }
  // §16.5
  const { icid, sides } = route;
  const inDialog = route.fromDialog && isInDialog(copy);
  if (route.kind === 'flow') {
    return { kind: 'to-flow', copy, inDialog, icid, sides, target: targets.byFlow(copy, route.flow) };
  }
  const target = reachesWics ? targets.byContact(copy) : undefined;
  if (target) return { kind: 'join', copy, inDialog, icid, sides, target };
  return { kind: 'to-core', copy, inDialog, icid, sides, edgeUri };
}

function isForEdge({ method }: SipRequest, uri: SipUri | undefined, { home }: PlanFacts): boolean {
  return method === 'OPTIONS' && uri !== undefined && home.names(uri);
}
