import { createResponse } from '../../sip/create-response.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type ParseLimits, parseSipMessage } from '../../sip/parse-message.ts';
import { serverTransactionKey } from '../../sip/transaction/transaction-key.ts';
import { type RequestEssentials, validateRequest } from '../../sip/validate-request.ts';
import { messageCost } from '../flood/message-cost.ts';
import { type Hop } from '../hop.ts';
import { NO_REASON } from './cancel-reasons.ts';
import { coreParseLimits } from './core-parse-limits.ts';
import { noteReceived } from './note-received.ts';
import { badRequest } from './request-checks.ts';
import { type RequestHandler, type StagesContext } from './request-stages.ts';
import { StatelessTags } from './stateless-tags.ts';
import { overloaded } from './try-later.ts';

export interface ProxyContext extends StagesContext {
  readonly parseLimits: ParseLimits;
  /** Handler of each request that is no retransmission. */
  readonly requests: RequestHandler;
}

/** The eP-CSCF as a stateful proxy (RFC 3261 §16): every message of every hop comes in here. */
export class Proxy {
  readonly #context: ProxyContext;
  readonly #tags = new StatelessTags();
  readonly #coreLimits: ParseLimits;

  constructor(context: ProxyContext) {
    this.#context = context;
    this.#coreLimits = coreParseLimits(context.parseLimits);
  }

  /**
   * One message as it came from a hop. Never throws on account of what it holds. True for an answer to a request that was delivered to this hop,
   * and for the ACK of an answer: what others bring about is not its to pay for.
   */
  receive(bytes: Buffer, hop: Hop): boolean {
    const cost = messageCost(bytes.length);
    const limits = hop.kind === 'core' ? this.#coreLimits : this.#context.parseLimits;
    const parsed = parseSipMessage(bytes, limits, hop.memory);
    if (!parsed.ok) {
      const isWelcome = this.#context.admission.admitMessage(hop, cost) === 0;
      if (parsed.request && isWelcome) this.#refuseUnparsed(parsed.request, hop, parsed.reason);
      return false;
    }
    this.#context.tracer.received(parsed.value, hop);
    const { value } = parsed;
    if (value.kind === 'response' || value.method === 'ACK') return this.#receiveUnanswered(value, hop, cost);
    this.#receiveRequest(value, hop, cost);
    return false;
  }

  /** The hop's connection is gone: what waits for it fails, what it waits for is called off. */
  hopClosed(hop: Hop): void {
    const { layer, registrations, core, insertion, signIn } = this.#context;
    if (hop.kind === 'core') {
      // The core itself is still there: it may answer, and is answered, over another connection.
      layer.failUnheard(hop);
      return;
    }
    registrations.endFlow(hop);
    core.flowClosed(hop);
    insertion.flowClosed(hop);
    signIn?.flowClosed(hop);
    layer.failClients(hop);
    for (const exchange of layer.serversOf(hop)) {
      exchange.worker?.abandon(NO_REASON);
      exchange.drop();
    }
    layer.forget(hop);
  }

  /** A response or an ACK, to which nobody answers 503. True for one that is owed; each other counts against its address as well. */
  #receiveUnanswered(message: SipMessage, hop: Hop, cost: number): boolean {
    const { layer, admission } = this.#context;
    const isAck = message.kind === 'request';
    const isOwed = isAck ? layer.acks.settle(hop, cost) : layer.receiveResponse(message, hop, cost);
    const isWelcome = isOwed || admission.admitMessage(hop, cost) === 0;
    if (isAck && isWelcome) this.#receiveRequest(message, hop, cost);
    return isOwed;
  }

  #refuseUnparsed(request: SipRequest, hop: Hop, reason: string): void {
    this.#context.tracer.received(request, hop);
    if (request.method === 'ACK') return;
    const isOtherVersion = reason === 'unsupported-version';
    this.#sendStateless(isOtherVersion ? createResponse(request, 505) : badRequest(request, reason), hop);
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
      if (!ends) this.#context.requests.forwardAck(request, essentials, hop);
      return;
    }
    if (existing) {
      existing.receiveRetransmission();
      return;
    }
    // A CANCEL ends what costs, if it ends anything.
    const endsInvite = request.method === 'CANCEL' && layer.findInvite(hop, essentials.via) !== undefined;
    const waitSec = endsInvite ? 0 : this.#context.admission.admitMessage(hop, cost);
    if (waitSec > 0) {
      this.#refuse(overloaded(request, waitSec), request, essentials, hop);
      return;
    }
    noteReceived(request, essentials.via, hop);
    const refusal = this.#context.requests.begin({ request, essentials, key, hop });
    if (refusal) this.#refuse(refusal, request, essentials, hop);
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
