import { type Clock } from '../../../base/clock.ts';
import { isLater, mapOutcome, type Outcome } from '../../../base/outcome.ts';
import { createResponse } from '../../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../sip/message.ts';
import { parseSipUri, type SipUri } from '../../../sip/uri.ts';
import { type RequestEssentials } from '../../../sip/validate-request.ts';
import { addAlternativeService } from '../../alternative-service.ts';
import { addCapabilities } from '../../capabilities.ts';
import { emergencyAlternative } from '../../emergency-services.ts';
import { forbidden } from '../../forbidden.ts';
import { type CoreDestination } from '../core-destination.ts';
import {
  type CoreOutcome,
  type CoreRequestOrigin,
  type CoreTarget,
  type ImsCore,
  type Unreachable,
} from '../ims-core.ts';
import { chooseTarget, type CandidateContext, type FoundDestination } from './candidates.ts';
import { MergedRequests } from './merged-requests.ts';
import { type NextHop, nextHopOf } from './next-hop.ts';

export interface ExternalCoreContext extends CandidateContext {
  /** The destinations of the configured core, in order of preference. */
  readonly configured: () => Outcome<readonly CoreDestination[]>;
  /** The destinations of the E-CSCFs, in order of preference. */
  readonly emergency: () => Outcome<readonly FoundDestination[]>;
  /** How many requests may wait for DNS at once. */
  readonly maxWaiting: number;
  readonly retryAfterSec: number;
  /** RFC 3263: the destinations a URI stands for, best first; none when it stands for nothing, or nobody could say. */
  readonly resolve: (uri: SipUri) => Outcome<readonly CoreDestination[]>;
  readonly isTrusted: (address: string) => boolean;
  /** Whether the core has named this destination in a Route set, or a port of its own is meant. */
  readonly isKnown: (uri: SipUri) => boolean;
  /** Whether a destination is configured, or a machine of the core has named it as its own Contact: one end of a dialog. */
  readonly isEnd: (uri: SipUri) => boolean;
  /** Whether the core has named it, or it is configured: what a client alone names is neither asked for its health nor spoken of. */
  readonly isNamed: (uri: SipUri) => boolean;
  /** Whether it is this edge itself. */
  readonly isHere: (destination: CoreDestination) => boolean;
  /** Whether one of the destinations that such a URI stands for is one of SIP, and not this edge itself by another name. */
  readonly mayLeadTo: (uri: SipUri, destination: CoreDestination) => boolean;
  /** Whether a URI without a user names this edge. */
  readonly isEdge: (uri: SipUri) => boolean;
  /** Whether a core outside knows this edge by this host and port. */
  readonly knowsEdgeAs: (uri: SipUri) => boolean;
  /** Answers what the core has to say to the edge itself; `undefined`: that is for nobody. */
  readonly answerOwn: AnswerOwn;
  readonly isStopping: () => boolean;
  readonly clock: Clock;
  /** Runs something once what is going on now has ended, and survives its mistakes. */
  readonly defer: (run: () => void) => void;
}

/** Takes a request of the core in a dialog of the edge itself. `undefined`: there are no such dialogs. */
export type AnswerOwn = (request: SipRequest, essentials: RequestEssentials) => SipResponse | undefined;

/** The target of a request, or its refusal. */
type Selection =
  | { readonly kind: 'target'; readonly target: CoreTarget }
  | { readonly kind: 'refuse'; readonly answer: (request: SipRequest) => SipResponse };

/** In the place of destinations: what is no part of the core. */
const ELSEWHERE: readonly CoreDestination[] = [];
const ALLOW = 'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, MESSAGE, REFER, SUBSCRIBE, NOTIFY, PRACK, PUBLISH, OPTIONS';

/**
 * A real I/S-CSCF behind the edge: finds the destination of it that a request of a WIC goes to, and says what becomes of its own that are for
 * nobody.
 */
export class ExternalCore implements ImsCore {
  readonly joinsWics = false;
  readonly takesAnyScheme = true;
  readonly reportsAuthentication = false;
  readonly reportsRemovals = false;
  readonly #context: ExternalCoreContext;
  readonly #merged = new MergedRequests();
  #waiting = 0;

  /** TS 24.229 §5.2.2.1: 504, since a 503 would speak of this edge, which is there and not overloaded. */
  readonly #unreachable: Unreachable = (request, options) => {
    const response = createResponse(request, 504, options);
    response.headers.append('Retry-After', String(this.#context.retryAfterSec));
    return response;
  };

  constructor(context: ExternalCoreContext) {
    this.#context = context;
  }

  handle(request: SipRequest, essentials: RequestEssentials, origin: CoreRequestOrigin, outcome: CoreOutcome): void {
    if (origin.hop.kind === 'core') {
      const isMerged = this.#merged.note(essentials, this.#context.clock.now().monotonicMs);
      outcome.respond(isMerged ? createResponse(request, 482) : this.#answerCore(request, essentials));
      return;
    }
    this.select(request, origin, (selection) => {
      if (selection.kind === 'target') outcome.forward([selection.target]);
      else outcome.respond(selection.answer(request));
    });
  }

  /** What was registered over the flow is the core's to know; its next request gets 430. */
  flowClosed(): void {
    // Nothing is kept here by flow.
  }

  /** Finds where a request goes. `onFound` is called once, at once or later. */
  select(request: SipRequest, origin: Omit<CoreRequestOrigin, 'hop'>, onFound: (selection: Selection) => void): void {
    const { maxWaiting, defer } = this.#context;
    const selection = this.#select(request, origin);
    if (!isLater(selection)) {
      onFound(selection);
      return;
    }
    if (this.#waiting >= maxWaiting) {
      onFound(this.#refuseWith(503));
      return;
    }
    this.#waiting += 1;
    selection.later((found) => {
      this.#waiting -= 1;
      defer(() => {
        onFound(found);
      });
    });
  }

  refuse(request: SipRequest, status: 400 | 403 | 503): SipResponse {
    if (status === 400) return createResponse(request, 400, { reason: 'Bad Request (Route)' });
    if (status === 403) return forbidden(request, 'out-of-core');
    const response = createResponse(request, 503);
    response.headers.append('Retry-After', String(this.#context.retryAfterSec));
    return response;
  }

  #select(request: SipRequest, origin: Omit<CoreRequestOrigin, 'hop'>): Outcome<Selection> {
    const { inDialog, isOwn = false, emergency: service, edgeUri } = origin;
    if (service !== undefined) return this.#selectEmergency(request, service, edgeUri);
    const next = nextHopOf(request, inDialog);
    if (next.kind === 'unusable') return this.#refuseWith(400);
    if (next.kind === 'none') return this.#selectConfigured(request);
    return mapOutcome(this.#inCore(next, isOwn), (found) => {
      if (found !== ELSEWHERE) {
        const unreachable = next.kind === 'route' && !inDialog ? awaitRestoration(edgeUri) : this.#unreachable;
        const { requestUri, routes } = next;
        const isWatched = this.#context.isNamed(next.uri);
        return this.#choose(request, found, { requestUri, routes, isAll: false, isWatched, unreachable });
      }
      // This is what keeps a client from reaching through the edge whatever it likes.
      return next.kind === 'route' && !isOwn ? this.#refuseWith(403) : this.#selectConfigured(request);
    });
  }

  #selectConfigured(request: SipRequest): Outcome<Selection> {
    const onward = { requestUri: request.uri, isAll: true, isWatched: true, unreachable: this.#unreachable };
    return mapOutcome(this.#context.configured(), (found) => this.#choose(request, found, onward));
  }

  /** TS 24.229 §5.2.10: by the URI of the E-CSCF in Route, for the service. Where none can be reached the caller is to try elsewhere. */
  #selectEmergency(request: SipRequest, service: string, edgeUri: string | undefined): Outcome<Selection> {
    const reason = 'No emergency service can be reached.';
    const unreachable: Unreachable = (it, options) =>
      emergencyAlternative(it, { service, reason, canRegister: false, edgeUri }, options);
    const onward = { requestUri: service, isAll: false, isWatched: true, unreachable };
    return mapOutcome(this.#context.emergency(), (found) => this.#choose(request, found, onward));
  }

  /**
   * The destinations a URI stands for, if all of them belong to the core, and of its machines only to what speaks SIP; else `ELSEWHERE`. A Request-URI is a client's to choose also in a
   * dialog, and a gateway would take it for what the core has let pass: without a Route only ends of dialogs are sought out, and the core finds all others.
   */
  #inCore({ kind, uri }: Extract<NextHop, { uri: SipUri }>, isOwn: boolean): Outcome<readonly CoreDestination[]> {
    const { resolve, isTrusted, isKnown, isEnd, isHere, mayLeadTo } = this.#context;
    if (!isOwn && !(kind === 'target' ? isEnd(uri) : isKnown(uri))) return ELSEWHERE;
    return mapOutcome(resolve(uri), (found) => {
      const mayLead = (destination: CoreDestination): boolean =>
        isOwn ? !isHere(destination) : mayLeadTo(uri, destination);
      const isInside = found.every((destination) => isTrusted(destination.address) && mayLead(destination));
      return isInside ? found : ELSEWHERE;
    });
  }

  #choose(
    request: SipRequest,
    found: readonly FoundDestination[],
    onward: Parameters<typeof chooseTarget>[2],
  ): Selection {
    const target = chooseTarget(request, found, onward, this.#context);
    return target ? { kind: 'target', target } : { kind: 'refuse', answer: (it) => onward.unreachable(it, {}) };
  }

  #refuseWith(status: 400 | 403 | 503): Selection {
    return { kind: 'refuse', answer: (request) => this.refuse(request, status) };
  }

  /** A request of the core that leads to no WIC. It never goes back to the core. */
  #answerCore(request: SipRequest, essentials: RequestEssentials): SipResponse {
    const uri = parseSipUri(request.uri);
    if (request.method === 'NOTIFY' && uri.ok && this.#context.knowsEdgeAs(uri.value)) {
      return this.#context.answerOwn(request, essentials) ?? createResponse(request, 404);
    }
    if (request.method !== 'OPTIONS' || !uri.ok || uri.value.user !== undefined || !this.#context.isEdge(uri.value)) {
      return createResponse(request, 404);
    }
    // RFC 3261 §11.2: as it would answer a request to which a probe is the question.
    if (this.#context.isStopping()) return this.refuse(request, 503);
    const response = createResponse(request, 200);
    addCapabilities(response, ALLOW);
    return response;
  }
}

/**
 * TS 24.229 §5.2.6.3.2A, TS 23.380 §4.4.3: the S-CSCF of a Service-Route is gone, so that only a registration anew, which has the core choose
 * another one, helps the user. It is to follow at once, without a wait.
 */
function awaitRestoration(edgeUri: string | undefined): Unreachable {
  return (request, options) => {
    const response = createResponse(request, 504, options);
    const reason = 'The server of this registration cannot be reached.';
    addAlternativeService(response, { type: 'restoration', reason, action: 'initial-registration', edgeUri });
    return response;
  };
}
