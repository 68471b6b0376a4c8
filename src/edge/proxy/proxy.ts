import { boundedKey } from '../../core/bounded-key.ts';
import { type TypedEvents } from '../../core/typed-events.ts';
import { createResponse } from '../../sip/create-response.ts';
import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type ParseLimits, parseSipMessage } from '../../sip/parse-message.ts';
import { serverTransactionKey } from '../../sip/transaction/transaction-key.ts';
import { stripCredentialHeaders } from '../../sip/turn-credential.ts';
import { type SipUri } from '../../sip/uri.ts';
import { type RequestEssentials, validateRequest } from '../../sip/validate-request.ts';
import { type Border } from '../border/border.ts';
import { type CoreOutcome, type CoreRequestOrigin, type CoreTarget, type ImsCore } from '../core/ims-core.ts';
import { type CredentialInsertion } from '../credential-insertion/credential-insertion.ts';
import { answerOptions } from '../credential-insertion/refresh-path.ts';
import { type RegisterPath } from '../credential-insertion/register-path.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type EdgeTap } from '../edge-tap.ts';
import { type EmergencyServices } from '../emergency-services.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { messageCost } from '../flood/message-cost.ts';
import { type FlowReference, type FlowTokens } from '../flow/flow-token.ts';
import { forbidden, type ForbiddenCause } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { type MessageTracer } from '../message-trace.ts';
import { type Registration } from '../registration/registration.ts';
import { type Registrations } from '../registration/registrations.ts';
import { NO_REASON, reasonsIn } from './cancel-reasons.ts';
import { tracedOutcome } from './core-outcomes.ts';
import { EndedDialogs } from './ended-dialogs.ts';
import { RequestForwarder } from './forward-request.ts';
import { LoopDetection } from './loop-detection.ts';
import { incomingBreadth } from './max-breadth.ts';
import { noteReceived } from './note-received.ts';
import { badRequest, type CheckContext, checkRequest, consumeProxyRequire } from './request-checks.ts';
import { RequestGate } from './request-gate.ts';
import { ResponseContext } from './response-context.ts';
import { type RouteDecision, routeRequest } from './route-request.ts';
import { type Sender, SenderFinder } from './sender-finder.ts';
import { type ServerExchange } from './server-exchange.ts';
import { StatelessTags } from './stateless-tags.ts';
import { TargetFinder } from './target-finder.ts';
import { type TransactionLayer } from './transaction-layer.ts';
import { overloaded, swamped } from './try-later.ts';

export interface ProxyContext {
  readonly home: HomeDomain;
  readonly parseLimits: ParseLimits;
  readonly layer: TransactionLayer;
  readonly core: ImsCore;
  readonly border: Border;
  readonly tokens: FlowTokens;
  readonly admission: AdmissionControl;
  readonly emergency: EmergencyServices;
  readonly registrations: Registrations;
  readonly registerPath: RegisterPath;
  readonly insertion: CredentialInsertion;
  readonly tracer: MessageTracer;
  readonly events: TypedEvents<EdgeEvents>;
  /** Hears of each request of a WIC before anything comes of it. */
  readonly tap?: EdgeTap | undefined;
  /** An open hop by its id. */
  readonly findHop: (id: string) => Hop | undefined;
  /** Whether a core outside knows this edge by this name; absent when the core is inside. */
  readonly isCoreSide?: ((uri: SipUri) => boolean) | undefined;
}

interface ReceivedRequest {
  readonly request: SipRequest;
  readonly essentials: RequestEssentials;
  /** From `serverTransactionKey`. */
  readonly key: string;
}

/** A request that has passed every check which needs no transaction. */
interface AdmittedRequest extends ReceivedRequest {
  /** Without our own Route entries; what is forwarded. */
  readonly copy: SipRequest;
  /** Of another scheme when absent. */
  readonly uri: SipUri | undefined;
  readonly route: Exclude<RouteDecision, { kind: 'refuse' }>;
  /** Absent for a core, and for REGISTER. */
  readonly sender: KnownSender | undefined;
  /** Whose share of its receivers it takes. */
  readonly account: string;
  /** The service of an emergency call. */
  readonly emergency?: string;
}

type KnownSender = Exclude<Sender, { kind: 'stranger' }>;

/** The eP-CSCF as a stateful proxy (RFC 3261 §16): every message of every hop comes in here. */
export class Proxy {
  readonly #context: ProxyContext;
  readonly #tags = new StatelessTags();
  readonly #loops = new LoopDetection();
  readonly #ended = new EndedDialogs();
  readonly #forwarder: RequestForwarder;
  readonly #targets: TargetFinder;
  readonly #checks: CheckContext;
  readonly #senders: SenderFinder;
  readonly #gate: RequestGate;

  constructor(context: ProxyContext) {
    this.#context = context;
    const { home, registrations, findHop, border, tokens, core, emergency } = context;
    this.#forwarder = new RequestForwarder({ tokens, loops: this.#loops, registrations, border, ended: this.#ended });
    this.#targets = new TargetFinder({ home, registrations, findHop });
    this.#checks = {
      loops: this.#loops,
      takesUri: (text) => core.takesAnyScheme === true || emergency.serviceOf(text, undefined) !== undefined,
    };
    this.#senders = new SenderFinder({ registrations, tokens, ended: this.#ended });
    this.#gate = new RequestGate(context);
  }

  /**
   * One message as it came from a hop. Never throws on account of what it holds. True for an answer to a request that was delivered to this hop,
   * and for the ACK of an answer: what others bring about is not its to pay for.
   */
  receive(bytes: Buffer, hop: Hop): boolean {
    const cost = messageCost(bytes.length);
    const parsed = parseSipMessage(bytes, this.#context.parseLimits);
    if (!parsed.ok) {
      const isWelcome = this.#context.admission.admitMessage(hop, cost) === 0;
      if (parsed.request && isWelcome) this.#refuseUnparsed(parsed.request, hop, parsed.reason);
      return false;
    }
    this.#context.tracer.received(parsed.value, hop);
    if (parsed.value.kind === 'response') return this.#context.layer.receiveResponse(parsed.value, hop, cost);
    this.#receiveRequest(parsed.value, hop, cost);
    return parsed.value.method === 'ACK' && this.#context.layer.acks.settle(hop, cost);
  }

  /** The hop's connection is gone: what waits for it fails, what it waits for is called off. */
  hopClosed(hop: Hop): void {
    const { layer, registrations, core } = this.#context;
    if (hop.kind === 'core') {
      // The core itself is still there: it may answer, and is answered, over another connection.
      layer.failUnheard(hop);
      return;
    }
    registrations.endFlow(hop);
    core.flowClosed(hop);
    layer.dropDelayed(hop);
    layer.failClients(hop);
    for (const exchange of layer.serversOf(hop)) {
      exchange.onAbandoned?.(NO_REASON);
      exchange.drop();
    }
    layer.forget(hop);
  }

  #refuseUnparsed(request: SipRequest, hop: Hop, reason: string): void {
    this.#context.tracer.received(request, hop);
    if (request.method === 'ACK') return;
    this.#sendStateless(
      reason === 'unsupported-version' ? createResponse(request, 505) : badRequest(request, reason),
      hop,
    );
  }

  #receiveRequest(request: SipRequest, hop: Hop, cost: number): void {
    const validated = validateRequest(request);
    const key = validated.ok ? serverTransactionKey(request.method, validated.value.via) : undefined;
    if (!validated.ok || key === undefined) {
      if (request.method === 'ACK' || this.#context.admission.admitMessage(hop, cost) > 0) return;
      this.#sendStateless(badRequest(request, validated.ok ? 'via branch' : validated.reason), hop);
      return;
    }
    const essentials = validated.value;
    const { layer } = this.#context;
    const existing = layer.findServer(hop, key);
    if (request.method === 'ACK') {
      const ends = existing?.receiveAck() ?? this.#tags.isAckOfRefusal(essentials);
      if (!ends) this.#forwardAck(request, essentials, hop);
      return;
    }
    if (existing) {
      existing.receiveRetransmission();
      return;
    }
    // A CANCEL ends what costs.
    const waitSec = request.method === 'CANCEL' ? 0 : this.#context.admission.admitMessage(hop, cost);
    if (waitSec > 0) {
      this.#refuse(overloaded(request, waitSec), request, essentials, hop);
      return;
    }
    noteReceived(request, essentials.via, hop);
    if (this.#context.tap !== undefined && this.#settledByTap(this.#context.tap, request, essentials, hop)) return;
    if (request.method === 'CANCEL') this.#cancel(layer.openServer(request, key, hop), essentials);
    else this.#admit({ request, essentials, key }, hop);
  }

  #settledByTap(tap: EdgeTap, request: SipRequest, essentials: RequestEssentials, hop: Hop): boolean {
    const verdict = hop.kind === 'wic' ? tap.request(request, hop) : undefined;
    if (verdict?.kind === 'answer') this.#refuse(verdict.response, request, essentials, hop);
    return verdict !== undefined;
  }

  /** RFC 3261 §16.10; §9.2: the answer has the To tag of the INVITE's. */
  #cancel(exchange: ServerExchange, { via }: RequestEssentials): void {
    const invite = this.#context.layer.findServer(exchange.hop, serverTransactionKey('INVITE', via) ?? '');
    exchange.respondWith(invite ? 200 : 481, invite?.answeredTag);
    invite?.onAbandoned?.(reasonsIn(exchange.request));
  }

  /**
   * Whatever can be refused by looking at it is refused without a transaction (RFC 3261 §8.2.7): one would have to wait for an ACK, and
   * strangers would choose how many of them wait.
   */
  #admit({ request, essentials, key }: ReceivedRequest, hop: Hop): void {
    const { layer } = this.#context;
    const refuse = (response: SipResponse): void => {
      this.#refuse(response, request, essentials, hop);
    };
    const checked = checkRequest(request, essentials, this.#checks);
    if (!checked.ok) {
      refuse(checked.response);
      return;
    }
    const { uri } = checked;
    const emergency = hop.kind === 'wic' ? this.#context.emergency.calledIn(request, essentials, uri) : undefined;
    if (emergency !== undefined) {
      this.#admitEmergency({ request, essentials, key }, emergency, hop);
      return;
    }
    const sender = request.method === 'REGISTER' ? undefined : this.#senderOf(request, essentials, hop);
    if (sender?.kind === 'stranger') {
      refuse(this.#answerStranger(request, uri, hop, sender.cause));
      return;
    }
    const account = sender ? accountOf(sender) : callerOf(request, essentials);
    const refusal = this.#gate.refusal(request, essentials, hop, account);
    if (refusal) {
      refuse(refusal);
      return;
    }
    const copy: SipRequest = { ...request, headers: request.headers.clone() };
    const route = this.#route(copy, essentials, hop, sender);
    if (route.kind === 'refuse') refuse(refused(request, route));
    else if (this.#isForSwamped(copy, route, hop, account)) {
      refuse(swamped(request, layer.context.options.retryAfterSec));
    } else this.#handle({ request, essentials, key, copy, uri, route, sender, account }, hop);
  }

  /** Whoever is registered on the connection may call for help, whatever From says; a Route says nothing of where help is. */
  #admitEmergency(received: ReceivedRequest, service: string, hop: Hop): void {
    const { request, essentials } = received;
    const { emergency, registrations } = this.#context;
    const found = this.#senders.find(request, essentials, hop);
    const registration = found.kind === 'registered' ? found.registration : registrations.of(hop)[0];
    if (!registration || !emergency.isServed) {
      this.#refuse(emergency.alternativeTo(request, service, registration?.edgeUri), request, essentials, hop);
      return;
    }
    const { aor } = registration;
    const refusal = this.#gate.refusalOfEmergency(request, essentials, hop, aor);
    if (refusal) {
      this.#refuse(refusal, request, essentials, hop);
      return;
    }
    const copy: SipRequest = { ...request, headers: request.headers.clone() };
    consumeProxyRequire(copy.headers);
    copy.headers.remove('Route');
    const sender: KnownSender = { kind: 'registered', registration };
    const route = { kind: 'core', fromDialog: false, sides: [] } as const;
    this.#handle({ ...received, copy, uri: undefined, route, sender, account: aor, emergency: service }, hop);
  }

  /** Looked at before there is a transaction, since those of a core's UDP requests stay for 64 × T1 also when they are refused. */
  #isForSwamped(copy: SipRequest, route: AdmittedRequest['route'], hop: Hop, account: string): boolean {
    if (hop.kind !== 'core') return false;
    const target = route.kind === 'flow' ? this.#targets.byFlow(copy, route.flow) : this.#targets.byContact(copy);
    if (!target || !this.#context.layer.isSwamped(target.hop, account)) return false;
    this.#noteSwamped(target.hop);
    return true;
  }

  #noteSwamped({ id }: Hop): void {
    this.#context.events.emit('limited', { flowId: id, cause: 'transactions-per-flow' });
  }

  #handle({ request, essentials, key, copy, uri, route, sender, account, emergency }: AdmittedRequest, hop: Hop): void {
    const exchange = this.#context.layer.openServer(request, key, hop, account);
    if (request.method === 'REGISTER') {
      exchange.decorate = this.#followRegister(request, copy, essentials, hop);
      if (hop.kind === 'wic') this.#context.border.requestFromWic(copy, { hop, sender: undefined, inDialog: false });
      this.#askCore(copy, essentials, this.#contextFor(exchange, copy, 480), { hop, inDialog: false });
      return;
    }
    if (hop.kind === 'wic' && route.kind === 'core' && !copy.headers.has('Route') && this.#isForEdge(copy, uri)) {
      exchange.respond(answerOptions(request, hop, registrationOf(sender), this.#context.insertion));
      return;
    }
    if (request.method === 'INVITE') exchange.respondWith(100);
    if (request.method === 'BYE') this.#ended.noteBye(route.sides);
    stripCredentialHeaders(copy.headers);
    const inDialog = route.fromDialog && isInDialog(copy);
    this.#crossBorder(copy, hop, sender, inDialog, route.icid);
    if (route.kind === 'flow') {
      this.#forwardToFlow(exchange, copy, route.flow);
      return;
    }
    const contact = this.#mayReachWics(hop) ? this.#targets.byContact(copy) : undefined;
    const context = this.#contextFor(exchange, copy, 480);
    if (contact) context.forward([contact]);
    else
      this.#askCore(copy, essentials, context, { hop, inDialog, emergency, edgeUri: registrationOf(sender)?.edgeUri });
  }

  /** What is done to each response to a REGISTER; `copy` is what the core gets. */
  #followRegister(
    request: SipRequest,
    copy: SipRequest,
    essentials: RequestEssentials,
    hop: Hop,
  ): (response: SipResponse) => void {
    const { core, admission, registerPath } = this.#context;
    const decorate = registerPath.prepare(copy, hop);
    const settle = core.reportsAuthentication ? undefined : admission.watchLogin(request, essentials, hop);
    if (!settle) return decorate;
    return (response) => {
      settle(response);
      decorate(response);
    };
  }

  /**
   * A client speaks for the user it is registered as, and for no other. Stricter than TS 24.229 §5.2.6.3.1, where From plays no part in whom a request is asserted
   * to be of: another client is shown From as well.
   */
  #answerStranger(request: SipRequest, uri: SipUri | undefined, hop: Hop, cause: ForbiddenCause): SipResponse {
    return this.#isForEdge(request, uri)
      ? answerOptions(request, hop, undefined, this.#context.insertion)
      : forbidden(request, cause);
  }

  #forwardToFlow(exchange: ServerExchange, copy: SipRequest, flow: FlowReference): void {
    const target = this.#targets.byFlow(copy, flow);
    if (target) this.#contextFor(exchange, copy, 430).forward([target]);
    // RFC 5626 §5.3.1
    else exchange.respondWith(430);
  }

  /** ACK of a 2xx: no transaction, the same way as any request of its dialog (RFC 3261 §16.6 at its end). Faults are dropped. */
  #forwardAck(request: SipRequest, essentials: RequestEssentials, hop: Hop): void {
    const checked = checkRequest(request, essentials, this.#checks);
    const sender = this.#senderOf(request, essentials, hop);
    if (!checked.ok || sender?.kind === 'stranger') return;
    const copy: SipRequest = { ...request, headers: request.headers.clone() };
    stripCredentialHeaders(copy.headers);
    const decision = this.#route(copy, essentials, hop, sender);
    if (decision.kind === 'refuse') return;
    const reachesWics = this.#mayReachWics(hop);
    const inDialog = decision.fromDialog && isInDialog(copy);
    this.#crossBorder(copy, hop, sender, inDialog, decision.icid);
    const forward = (targets: readonly CoreTarget[]): void => {
      for (const target of targets) {
        const breadth = incomingBreadth(copy.headers);
        this.#context.layer.send(
          this.#forwarder.forwardCopy(copy, { received: request, from: hop, target, breadth }),
          target.hop,
        );
      }
    };
    const byContact = (): CoreTarget | undefined => (reachesWics ? this.#targets.byContact(copy) : undefined);
    const target = decision.kind === 'flow' ? this.#targets.byFlow(copy, decision.flow) : byContact();
    if (target) forward([target]);
    else if (decision.kind === 'core') {
      this.#askCore(copy, essentials, { respond: () => undefined, forward }, { hop, inDialog });
    }
  }

  #route(copy: SipRequest, essentials: RequestEssentials, hop: Hop, sender: KnownSender | undefined): RouteDecision {
    const { home, tokens, isCoreSide } = this.#context;
    consumeProxyRequire(copy.headers);
    const isSender = (flow: FlowReference): boolean => this.#senders.isOwn(flow, essentials, hop, sender);
    const route = routeRequest(copy, hop, { tokens, home, isCoreSide, isSender });
    if (route.kind === 'refuse') return route;
    const joinsWics = this.#mayReachWics(hop);
    if (route.kind === 'flow' && !joinsWics) return { kind: 'refuse', status: 403, cause: 'reaches-clients' };
    // Whom nothing but a dialog lets speak speaks to its other party alone.
    const isWithin = route.fromDialog && (route.kind === 'flow' || !joinsWics);
    return sender?.kind !== 'party' || isWithin ? route : { kind: 'refuse', status: 403, cause: 'other-dialog' };
  }

  /** A client that says it is in a dialog, and brings no Route of one, is in none. */
  #crossBorder(copy: SipRequest, hop: Hop, sender: KnownSender | undefined, inDialog: boolean, icid?: string): void {
    if (hop.kind !== 'wic') return;
    this.#context.border.requestFromWic(copy, { hop, sender: registrationOf(sender), inDialog, icid });
  }

  #mayReachWics(hop: Hop): boolean {
    return hop.kind === 'core' || this.#context.core.joinsWics;
  }

  #isForEdge({ method }: SipRequest, uri: SipUri | undefined): boolean {
    return method === 'OPTIONS' && uri !== undefined && this.#context.home.names(uri);
  }

  #senderOf(request: SipRequest, essentials: RequestEssentials, hop: Hop): Sender | undefined {
    return hop.kind === 'wic' ? this.#senders.find(request, essentials, hop) : undefined;
  }

  #contextFor(exchange: ServerExchange, copy: SipRequest, closed: 430 | 480): ResponseContext {
    const { layer, border } = this.#context;
    return new ResponseContext({
      exchange,
      request: copy,
      hopClosedStatus: closed,
      forwarder: this.#forwarder,
      border,
      ended: this.#ended,
      layer,
      onSwamped: (target) => {
        this.#noteSwamped(target);
      },
    });
  }

  #askCore(copy: SipRequest, essentials: RequestEssentials, outcome: CoreOutcome, origin: CoreRequestOrigin): void {
    const { core, tracer } = this.#context;
    const { hop } = origin;
    if (hop.kind === 'core') {
      // It has been seen on its way from there.
      core.handle(copy, essentials, origin, outcome);
      return;
    }
    tracer.toCore(copy, hop);
    core.handle(copy, essentials, origin, tracedOutcome(outcome, copy, hop, tracer));
  }

  /** Without a transaction: the tag of the answer is what its ACK is known by. */
  #refuse(response: SipResponse, request: SipRequest, essentials: RequestEssentials, hop: Hop): void {
    this.#tags.stamp(response, request, essentials);
    if (request.method === 'INVITE') this.#context.layer.acks.expect(hop);
    this.#sendStateless(response, hop);
  }

  #sendStateless(response: SipResponse, hop: Hop): void {
    this.#context.layer.send(response, hop);
  }
}

function registrationOf(sender: KnownSender | undefined): Registration | undefined {
  return sender?.kind === 'registered' ? sender.registration : undefined;
}

function accountOf(sender: KnownSender): string {
  return sender.kind === 'registered' ? sender.registration.aor : sender.account;
}

/** Of a request of the core, whom it says it is from. */
function callerOf({ headers }: SipRequest, { from }: RequestEssentials): string {
  return boundedKey(headers.get('P-Asserted-Identity') ?? from.uri);
}

function refused(request: SipRequest, route: Extract<RouteDecision, { kind: 'refuse' }>): SipResponse {
  return route.status === 403 ? forbidden(request, route.cause) : badRequest(request, 'Route');
}
