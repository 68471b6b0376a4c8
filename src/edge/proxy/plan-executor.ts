import { isLater, type Outcome } from '../../base/outcome.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { stripCredentialHeaders } from '../../sip/turn-credential.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type Border } from '../border/border.ts';
import { type CoreOutcome, type CoreRequestOrigin, type CoreTarget, type ImsCore } from '../core/ims-core.ts';
import { type CredentialInsertion } from '../credential-insertion/credential-insertion.ts';
import { answerOptions } from '../credential-insertion/refresh-path.ts';
import { type RegisterPath } from '../credential-insertion/register-path.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { type Hop } from '../hop.ts';
import { type MessageTracer } from '../message-trace.ts';
import { type WebLogin } from '../registration/web-login.ts';
import { type TokenCap } from '../web-identity/token-cap.ts';
import { tracedOutcome } from './core-outcomes.ts';
import { type EndedDialogs } from './ended-dialogs.ts';
import { type RequestForwarder } from './forward-request.ts';
import { incomingBreadth } from './max-breadth.ts';
import { type OnwardPlan, type Plan } from './plan-request.ts';
import { RegisterOutcome } from './register-outcome.ts';
import { type ForwardingParts, ResponseContext } from './response-context.ts';
import { type KnownSender, registrationOf } from './sender-finder.ts';
import { type ServerExchange } from './server-exchange.ts';
import { type TransactionLayer } from './transaction-layer.ts';

export interface ExecutorContext {
  readonly layer: TransactionLayer;
  readonly core: ImsCore;
  readonly border: Border;
  readonly admission: AdmissionControl;
  readonly registerPath: RegisterPath;
  readonly insertion: CredentialInsertion;
  readonly tracer: MessageTracer;
  readonly events: TypedEvents<EdgeEvents>;
  readonly forwarder: RequestForwarder;
  readonly ended: EndedDialogs;
  /** Keeps a registration within its web token; absent where nobody signs in by one. */
  readonly tokenCap?: TokenCap | undefined;
}

export interface ReceivedRequest {
  readonly request: SipRequest;
  readonly essentials: RequestEssentials;
  /** Key of the server transaction, as `serverTransactionKey` makes it. */
  readonly key: string;
  readonly hop: Hop;
}

/** A request that has passed every check which needs no transaction. */
export interface AdmittedRequest extends ReceivedRequest {
  /** The registration or dialog in whose name a client speaks. Absent for a core, and for REGISTER. */
  readonly sender: KnownSender | undefined;
  /** The account that the request counts against in the shares of its receivers. */
  readonly account: string;
  /** Whom a web token has proven the client of a REGISTER to be. Absent in other requests, and without a token. */
  readonly webLogin?: WebLogin | undefined;
  /** The server transaction of the request, if it had to wait in one. */
  readonly exchange?: ServerExchange | undefined;
}

/** Does what a plan says: transactions, the border, the core, and the copies that leave (RFC 3261 §16.6). */
export class PlanExecutor {
  readonly #context: ExecutorContext;
  readonly #parts: ForwardingParts;

  constructor(context: ExecutorContext) {
    const { layer, border, forwarder, ended } = context;
    this.#context = context;
    const onSwamped = (target: Hop): void => {
      this.noteSwamped(target);
    };
    this.#parts = { layer, border, forwarder, ended, onSwamped };
  }

  /** Carries out a plan that is not a refusal, for a request that is no ACK. */
  execute(admitted: AdmittedRequest, plan: Exclude<Plan, { readonly kind: 'refuse' }>): void {
    if (plan.kind === 'register') this.#register(admitted, plan.copy);
    else if (plan.kind === 'answer') this.#answer(admitted);
    else this.#forward(this.#exchangeOf(admitted), admitted, plan);
  }

  #exchangeOf({ exchange, request, key, hop, account }: AdmittedRequest): ServerExchange {
    return exchange ?? this.#context.layer.openServer(request, key, hop, account);
  }

  /** ACK of a 2xx: no transaction, and the way that each request of its dialog goes (RFC 3261 §16.6 at its end). */
  forwardAck({ request, essentials, hop, sender }: Omit<AdmittedRequest, 'key' | 'account'>, plan: OnwardPlan): void {
    const { layer, forwarder } = this.#context;
    this.#crossBorder(plan, hop, sender);
    const forward = (targets: readonly CoreTarget[]): void => {
      for (const target of targets) {
        const breadth = incomingBreadth(plan.copy.headers);
        layer.send(forwarder.forwardCopy(plan.copy, { received: request, from: hop, target, breadth }), target.hop);
      }
    };
    if (plan.kind === 'to-core') {
      this.#askCore(plan.copy, essentials, { respond: () => undefined, forward }, { hop, inDialog: plan.inDialog });
    } else if (plan.target) forward([plan.target]);
  }

  noteSwamped({ id }: Hop): void {
    this.#context.events.emit('limited', { flowId: id, cause: 'transactions-per-flow' });
  }

  #answer(admitted: AdmittedRequest): void {
    const { request, hop, sender, exchange } = admitted;
    const { layer, insertion } = this.#context;
    const answer = answerOptions(request, hop, registrationOf(sender), insertion);
    if (!isLater(answer)) {
      if (exchange || !hop.reliable) this.#exchangeOf(admitted).respond(answer);
      else layer.answerAtOnce(request, answer, hop);
      return;
    }
    const waiting = this.#exchangeOf(admitted);
    answer.later((response) => {
      waiting.respond(response);
    });
  }

  #register(admitted: AdmittedRequest, copy: SipRequest): void {
    const { request, essentials, hop, webLogin, exchange } = admitted;
    if (webLogin) this.#context.tokenCap?.apply(copy.headers, webLogin);
    const decorate = this.#followRegister(admitted, copy);
    const origin = { hop, sender: undefined, inDialog: false, webLogin };
    if (hop.kind === 'wic') this.#context.border.requestFromWic(copy, origin);
    const outcome = new RegisterOutcome({
      request,
      hop,
      decorate,
      layer: this.#context.layer,
      openExchange: () => this.#exchangeOf(admitted),
      openContext: (opened) => this.#contextFor(opened, copy, 480),
    });
    if (exchange || !hop.reliable) outcome.wait();
    this.#askCore(copy, essentials, outcome, origin);
    outcome.wait();
  }

  /** Returns what is done to each response to a REGISTER. `copy`: the request that the core gets. */
  #followRegister(
    { request, essentials, hop, webLogin }: AdmittedRequest,
    copy: SipRequest,
  ): (response: SipResponse) => Outcome<object> {
    const { core, admission, registerPath } = this.#context;
    const decorate = registerPath.prepare(copy, hop, webLogin);
    const isKnown = core.reportsAuthentication || webLogin !== undefined;
    const settle = isKnown ? undefined : admission.watchLogin(request, essentials, hop);
    if (!settle) return decorate;
    return (response) => {
      settle(response);
      return decorate(response);
    };
  }

  #forward(exchange: ServerExchange, { request, essentials, hop, sender }: AdmittedRequest, plan: OnwardPlan): void {
    if (request.method === 'INVITE') exchange.respondWith(100);
    if (request.method === 'BYE') this.#context.ended.noteBye(plan.sides);
    this.#crossBorder(plan, hop, sender);
    const { copy, inDialog } = plan;
    if (plan.kind === 'to-core') {
      const { emergency, edgeUri } = plan;
      this.#askCore(copy, essentials, this.#contextFor(exchange, copy, 480), { hop, inDialog, emergency, edgeUri });
    } else if (plan.target) {
      this.#contextFor(exchange, copy, plan.kind === 'to-flow' ? 430 : 480).forward([plan.target]);
    }
    // RFC 5626 §5.3.1
    else exchange.respondWith(430);
  }

  #crossBorder({ copy, inDialog, icid }: OnwardPlan, hop: Hop, sender: KnownSender | undefined): void {
    stripCredentialHeaders(copy.headers);
    if (hop.kind !== 'wic') return;
    this.#context.border.requestFromWic(copy, { hop, sender: registrationOf(sender), inDialog, icid });
  }

  #contextFor(exchange: ServerExchange, copy: SipRequest, closed: 430 | 480): ResponseContext {
    return new ResponseContext(exchange, copy, closed, this.#parts);
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
}
