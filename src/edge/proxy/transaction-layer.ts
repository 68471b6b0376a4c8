import { type Clock } from '../../base/clock.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type ClientTransactionEvents } from '../../sip/transaction/client-transaction.ts';
import { type TransactionTimings } from '../../sip/transaction/timings.ts';
import { clientTransactionKey, serverTransactionKey } from '../../sip/transaction/transaction-key.ts';
import { type Via } from '../../sip/via.ts';
import { type EdgeLimits, type TransactionOptions } from '../edge-options.ts';
import { OwedAcks } from '../flood/owed-answers.ts';
import { ReceiverShares } from '../flood/receiver-shares.ts';
import { type Hop } from '../hop.ts';
import { type Outbound } from '../outbound.ts';
import { ClientExchange, type ClientExchangeLayer, type ClientTransaction } from './client-exchange.ts';
import { LiveCalls } from './live-calls.ts';
import { OpenChallenges } from './open-challenges.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { type ExchangeLayer, ServerExchange } from './server-exchange.ts';

/** RFC 3261 Table 4: Timer D on unreliable transports, and the wait before a 100; both fixed. */
const TIMER_D_MS = 32_000;
const TRYING_DELAY_MS = 200;

export interface TransactionLayerContext {
  readonly options: TransactionOptions;
  readonly limits: Pick<EdgeLimits, 'transactions' | 'transactionsPerFlow'>;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly outbound: Outbound;
  /** Runs something once what is going on now has ended, and survives its mistakes. */
  readonly defer: (run: () => void) => void;
}

/** States of a client transaction that has no final response yet. */
const UNANSWERED: ReadonlySet<ClientTransaction['state']> = new Set(['calling', 'trying', 'proceeding']);

/** The transactions of the edge (RFC 3261 §17), found by message and by hop, and how many there may be. */
export class TransactionLayer implements ExchangeLayer, ClientExchangeLayer {
  readonly context: TransactionLayerContext;
  readonly timings: TransactionTimings;
  readonly calls = new LiveCalls();
  readonly acks = new OwedAcks();
  readonly #challenges = new OpenChallenges();
  readonly #servers = new OpenExchanges<ServerExchange>();
  readonly #clients = new OpenExchanges<ClientExchange>();
  readonly #shares: ReceiverShares;

  constructor(context: TransactionLayerContext) {
    const { t1Ms, t2Ms, t4Ms } = context.options;
    this.context = context;
    this.#shares = new ReceiverShares(context.limits.transactionsPerFlow);
    this.timings = { t1Ms, t2Ms, t4Ms, timerDMs: TIMER_D_MS, tryingDelayMs: TRYING_DELAY_MS };
  }

  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  get timers(): TimerQueue {
    return this.context.timers;
  }

  get nowMs(): number {
    return this.context.clock.now().monotonicMs;
  }

  /** Why no further request of this hop can be taken; `undefined` when it can. */
  refuses(hop: Hop): 'transactions' | 'transactions-per-flow' | undefined {
    const { limits } = this.context;
    if (this.size >= limits.transactions) return 'transactions';
    return hop.kind === 'wic' && this.#servers.count(hop) >= limits.transactionsPerFlow
      ? 'transactions-per-flow'
      : undefined;
  }

  /** `key` is that of `serverTransactionKey`; the same key of another sender is another transaction. */
  findServer(hop: Hop, key: string): ServerExchange | undefined {
    return this.#servers.find(hop, key);
  }

  /** The INVITE that a CANCEL with this Via is for (RFC 3261 §9.2). */
  findInvite(hop: Hop, via: Via): ServerExchange | undefined {
    return this.findServer(hop, serverTransactionKey('INVITE', via) ?? '');
  }

  serversOf(hop: Hop): ServerExchange[] {
    return this.#servers.of(hop);
  }

  /** `key` is that of `serverTransactionKey`. `sender`: whose the request is, for the share that it has of whom it goes to. */
  openServer(request: SipRequest, key: string, hop: Hop, sender = ''): ServerExchange {
    const exchange = new ServerExchange({ request, key, hop, sender, layer: this });
    this.#servers.add(exchange);
    return exchange;
  }

  /**
   * Answers a request of a connection within the call that has brought it, which takes no transaction: nothing would be found of it again (RFC 3261 §17.2.2:
   * Timer J is 0).
   */
  answerAtOnce(request: SipRequest, response: SipResponse, hop: Hop): void {
    this.send(response, hop);
    this.answered(request, response.status, hop);
  }

  serverEnded(exchange: ServerExchange): void {
    this.#servers.delete(exchange);
  }

  /** Whether a WIC has no place left for this sender: as many requests as it may have open itself may wait for it, and a share of them is anybody's. */
  isSwamped(hop: Hop, sender: string): boolean {
    return !this.#shares.admits(hop, sender);
  }

  /**
   * `sender`: on whose account it takes a place of a WIC. `undefined` when there is no room for one more; for a CANCEL, which ends what takes room,
   * there always is.
   */
  openClient(request: SipRequest, hop: Hop, on: ClientTransactionEvents, sender = ''): ClientTransaction | undefined {
    const isFull = this.size >= this.context.limits.transactions || this.isSwamped(hop, sender);
    if (isFull && request.method !== 'CANCEL') return undefined;
    const exchange = new ClientExchange({ request, hop, sender, on, layer: this });
    const { transaction } = exchange;
    this.#clients.add(exchange);
    this.#shares.take(hop, sender);
    // The hop was gone before; nobody else would tell the transaction.
    if (exchange.hasFailed) {
      this.context.defer(() => {
        transaction.transportFailed();
      });
    }
    return transaction;
  }

  clientEnded(exchange: ClientExchange): void {
    this.#clients.delete(exchange);
    this.#shares.release(exchange.hop, exchange.sender);
  }

  /** False for a response to nothing that was sent to this hop, and for one that is more, by its `messageCost`, than the request had to expect. */
  receiveResponse(response: SipResponse, hop: Hop, cost: number): boolean {
    const key = clientTransactionKey(response);
    const entry = key === undefined ? undefined : this.#clients.find(hop, key);
    if (!entry) return false;
    entry.transaction.receive(response, this.nowMs);
    this.calls.noteAnswer(entry.transaction.request, response.status, hop);
    if (entry.owed < cost) return false;
    entry.owed -= cost;
    return true;
  }

  answered(request: SipRequest, status: number, hop: Hop): void {
    this.calls.noteAnswer(request, status, hop);
    if (request.method === 'INVITE' && status >= 200) this.acks.expect(hop);
    this.#challenges.noteAnswer(status, hop);
  }

  /** Forgets a hop that is gone for good. */
  forget(hop: Hop): void {
    this.calls.forget(hop);
    this.#challenges.forget(hop);
  }

  /** Whether this hop waits for an answer, owes one, or is about to answer a challenge. */
  isBusy(hop: Hop): boolean {
    return (
      this.#challenges.isChallenged(hop) ||
      this.#servers.of(hop).some(({ isPending }) => isPending) ||
      this.#clients.of(hop).some(({ transaction }) => UNANSWERED.has(transaction.state))
    );
  }

  /** Whether this hop has a call, or one is about to come of an INVITE. Nobody who was never registered has either. */
  isInCall(hop: Hop): boolean {
    return (
      this.calls.isInCall(hop) ||
      this.#servers.of(hop).some(({ isPending, request }) => isPending && request.method === 'INVITE') ||
      this.#clients.of(hop).some(({ transaction }) => isRinging(transaction))
    );
  }

  /** Fails every transaction that waits for this hop. */
  failClients(hop: Hop): void {
    for (const { transaction } of this.#clients.of(hop)) transaction.transportFailed();
  }

  /** Fails the transactions over this hop that have had no response: nobody says that their request has arrived. */
  failUnheard(hop: Hop): void {
    for (const { transaction } of this.#clients.of(hop)) {
      if (transaction.state === 'calling' || transaction.state === 'trying') transaction.transportFailed();
    }
  }

  /** Sends a message to a hop. Returns false when the hop is gone. */
  send(message: SipMessage, hop: Hop): boolean {
    return this.context.outbound.send(message, hop);
  }
}

function isRinging({ state, request }: ClientTransaction): boolean {
  return request.method === 'INVITE' && UNANSWERED.has(state);
}
