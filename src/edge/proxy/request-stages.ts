import { isLater, type Outcome } from '../../base/outcome.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type SipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type Border } from '../border/border.ts';
import { type ImsCore } from '../core/ims-core.ts';
import { type CredentialInsertion } from '../credential-insertion/credential-insertion.ts';
import { refuseOptions } from '../credential-insertion/refresh-path.ts';
import { type RegisterPath } from '../credential-insertion/register-path.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type EmergencyServices } from '../emergency-services.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { type FlowTokens } from '../flow/flow-token.ts';
import { forbidden } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { type MessageTracer } from '../message-trace.ts';
import { type Registrations } from '../registration/registrations.ts';
import { reasonsIn } from './cancel-reasons.ts';
import { type TokenCap } from '../web-identity/token-cap.ts';
import { type SignInVerdict, type WebSignIn } from '../web-identity/web-sign-in.ts';
import { EndedDialogs } from './ended-dialogs.ts';
import { RequestForwarder } from './forward-request.ts';
import { LoopDetection } from './loop-detection.ts';
import { type AdmittedRequest, PlanExecutor, type ReceivedRequest } from './plan-executor.ts';
import { type Judgement, judgeRequest, type Plan, type PlanFacts, planRequest, type Speaker } from './plan-request.ts';
import { badRequest } from './request-checks.ts';
import { RequestGate } from './request-gate.ts';
import { accountOf, SenderFinder } from './sender-finder.ts';
import { TargetFinder } from './target-finder.ts';
import { type TransactionLayer } from './transaction-layer.ts';
import { swamped } from './try-later.ts';

export interface StagesContext {
  readonly home: HomeDomain;
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
  /** Finds an open hop by its id. */
  readonly findHop: (id: string) => Hop | undefined;
  /** Whether a core outside knows this edge by this name; absent when the core is inside. */
  readonly isCoreSide?: ((uri: SipUri) => boolean) | undefined;
  /** Checks web tokens; absent when no issuer is configured. */
  readonly signIn?: WebSignIn | undefined;
  readonly tokenCap?: TokenCap | undefined;
}

/** Takes requests that are no retransmissions. */
export interface RequestHandler {
  /** Not an ACK. Returns the answer to a request that gets no transaction; without one it is worked on, or left alone. */
  begin(received: ReceivedRequest): SipResponse | undefined;
  /** Forwards the ACK of a 2xx. */
  forwardAck(request: SipRequest, essentials: RequestEssentials, hop: Hop): void;
}

/** What a request goes through that is no retransmission: it is judged, charged to its sender, planned, and only then given a transaction. */
export class RequestStages implements RequestHandler {
  readonly #context: StagesContext;
  readonly #gate: RequestGate;
  readonly #facts: PlanFacts;
  readonly #executor: PlanExecutor;

  constructor(context: StagesContext) {
    this.#context = context;
    const { home, registrations, findHop, border, tokens, core, emergency, isCoreSide } = context;
    const loops = new LoopDetection();
    const ended = new EndedDialogs();
    this.#gate = new RequestGate(context);
    this.#facts = {
      home,
      tokens,
      registrations,
      emergency,
      senders: new SenderFinder({ registrations, tokens, ended }),
      targets: new TargetFinder({ home, registrations, findHop }),
      checks: {
        loops,
        takesUri: (text) => core.takesAnyScheme === true || emergency.serviceOf(text, undefined) !== undefined,
      },
      joinsWics: core.joinsWics,
      isCoreSide,
    };
    const forwarder = new RequestForwarder({ tokens, loops, registrations, border, ended });
    this.#executor = new PlanExecutor({ ...context, forwarder, ended });
  }

  /**
   * Whatever can be refused by looking at it is refused without a transaction (RFC 3261 §8.2.7): one would have to wait for an ACK, and
   * strangers would choose how many of them wait. Returns that answer.
   */
  begin(received: ReceivedRequest): SipResponse | undefined {
    const { request, essentials, key, hop } = received;
    if (request.method === 'CANCEL') {
      this.#cancel(received);
      return undefined;
    }
    const speaker = judgeRequest(request, essentials, hop, this.#facts);
    if (speaker.kind !== 'speaker') return this.#answerTo(speaker, request, hop);
    const account = accountOf(speaker.sender, request, essentials);
    const isEmergency = speaker.emergency !== undefined;
    const refusal = this.#gate.refusal(request, essentials, hop, account, isEmergency);
    if (refusal) return refusal;
    const { signIn } = this.#context;
    const admitted = { request, essentials, key, hop, account };
    // Whoever is registered may call for help, whatever he shows.
    if (!signIn || hop.kind !== 'wic' || isEmergency) return this.#proceed(admitted, speaker);
    const verdict = signIn.judge(request, essentials, hop);
    if (isLater(verdict)) {
      this.#await(verdict, admitted);
      return undefined;
    }
    return this.#follow(verdict, admitted, speaker);
  }

  #follow(
    verdict: SignInVerdict,
    admitted: Omit<AdmittedRequest, 'sender'>,
    speaker: Speaker,
  ): SipResponse | undefined {
    if (verdict.kind === 'refused') return verdict.answer(admitted.request);
    return this.#proceed({ ...admitted, webLogin: verdict.login }, speaker);
  }

  /** Others are asked about its token: the transaction, which absorbs what the client repeats, waits with it. */
  #await(later: Exclude<Outcome<SignInVerdict>, SignInVerdict>, admitted: Omit<AdmittedRequest, 'sender'>): void {
    const { request, essentials, key, hop, account } = admitted;
    const exchange = this.#context.layer.openServer(request, key, hop, account);
    exchange.worker = {
      // RFC 3261 §9.2: a CANCEL comes before the INVITE goes anywhere.
      abandon: () => {
        exchange.respondWith(487);
      },
    };
    later.later((verdict) => {
      if (!exchange.isWaiting) return;
      exchange.worker = undefined;
      // Who may speak may have changed meanwhile.
      const speaker = judgeRequest(request, essentials, hop, this.#facts);
      const answer =
        speaker.kind === 'speaker'
          ? this.#follow(verdict, { ...admitted, exchange }, speaker)
          : this.#answerTo(speaker, request, hop);
      if (answer) exchange.respond(answer);
    });
  }

  #proceed(admitted: Omit<AdmittedRequest, 'sender'>, speaker: Speaker): SipResponse | undefined {
    const { request, essentials, key, hop, account, webLogin, exchange } = admitted;
    const plan = planRequest(request, essentials, hop, speaker, this.#facts);
    if (plan.kind === 'refuse') {
      return plan.status === 403 ? forbidden(request, plan.cause) : badRequest(request, 'Route');
    }
    if (this.#targetIsCongested(plan, hop, account)) {
      return swamped(request, this.#context.layer.context.options.retryAfterSec);
    }
    const { sender } = speaker;
    this.#executor.execute({ request, essentials, key, hop, account, webLogin, exchange, sender }, plan);
    return undefined;
  }

  /** ACK of a 2xx goes the same way, without a transaction and at nobody's expense. What is not in order is dropped. */
  forwardAck(request: SipRequest, essentials: RequestEssentials, hop: Hop): void {
    const speaker = judgeRequest(request, essentials, hop, this.#facts);
    if (speaker.kind !== 'speaker') return;
    const plan = planRequest(request, essentials, hop, speaker, this.#facts);
    if ('inDialog' in plan) this.#executor.forwardAck({ request, essentials, hop, sender: speaker.sender }, plan);
  }

  /** RFC 3261 §16.10; §9.2: the answer has the To tag of the INVITE's. */
  #cancel({ request, essentials, key, hop }: ReceivedRequest): void {
    const { layer } = this.#context;
    const exchange = layer.openServer(request, key, hop);
    const invite = layer.findInvite(hop, essentials.via);
    exchange.respondWith(invite ? 200 : 481, invite?.answeredTag);
    invite?.worker?.abandon(reasonsIn(request));
  }

  #answerTo(judgement: Exclude<Judgement, Speaker>, request: SipRequest, hop: Hop): SipResponse {
    switch (judgement.kind) {
      case 'reject':
        return judgement.response;
      case 'stranger':
        return forbidden(request, judgement.cause);
      case 'visitor':
        return refuseOptions(request, hop, this.#context.insertion);
      case 'no-help':
        return this.#context.emergency.alternativeTo(request, judgement.service, judgement.edgeUri);
    }
  }

  /** Looked at before there is a transaction, since those of a core's UDP requests stay for 64 × T1 also when they are refused. */
  #targetIsCongested(plan: Plan, hop: Hop, account: string): boolean {
    const target = 'target' in plan && hop.kind === 'core' ? plan.target : undefined;
    if (!target || !this.#context.layer.isSwamped(target.hop, account)) return false;
    this.#executor.noteSwamped(target.hop);
    return true;
  }
}
