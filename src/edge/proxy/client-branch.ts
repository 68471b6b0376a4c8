import { type TimerHandle } from '../../base/timer-queue.ts';
import { createCancel } from '../../sip/hop-requests.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type ClientTransactionEvents } from '../../sip/transaction/client-transaction.ts';
import { type CoreTarget, type RequestWatch } from '../core/ims-core.ts';
import { type CancelReasons, NO_REASON, RANG_TOO_LONG } from './cancel-reasons.ts';
import { type ClientTransaction } from './client-exchange.ts';
import { outlineOf } from './request-outline.ts';
import { type TransactionLayer } from './transaction-layer.ts';

/** What a branch belongs to. It is told exactly one final outcome: a final response, or a failure; 2xx to INVITE may repeat. */
export interface BranchOwner {
  /** A response has come. Never called for a 100. */
  branchAnswered(branch: ClientBranch, response: SipResponse): void;
  branchFailed(branch: ClientBranch, cause: BranchFailure): void;
}

/**
 * Why a branch has ended without a response. `lost`: the target is known not to answer any more. `overload`: the edge has no room. `swamped`:
 * the target has no room for this sender.
 */
export type BranchFailure = 'timeout' | 'cancelled' | 'hop-closed' | 'lost' | 'overload' | 'swamped';

export interface ClientBranchOptions {
  /** The copy of the request for this target. */
  readonly request: SipRequest;
  readonly target: CoreTarget;
  /** Where the request may go if this branch fails. */
  readonly alternatives: readonly CoreTarget[];
  /** Its share of Max-Breadth. */
  readonly breadth: number;
  /** The account that the request counts against in the shares of the target. */
  readonly sender: string;
  readonly layer: TransactionLayer;
  readonly owner: BranchOwner;
}

/** In T1: over UDP a third copy has gone by then and has had the time of a round trip. */
const SILENT_AFTER = 4;
/** In T1: a REGISTER that nobody answers is answered by the edge while its client still listens, for 64. */
const REGISTER_WAIT = 56;

const ENDINGS = {
  timeout: 'timeout',
  cancelled: 'cancelled',
  'hop-closed': 'unreachable',
  lost: 'unreachable',
  overload: 'cancelled',
  swamped: 'cancelled',
} as const;

/** Whatever becomes of a CANCEL, the outcome is told by the INVITE it was sent for. */
const CANCEL_EVENTS: ClientTransactionEvents = {
  response: () => undefined,
  timeout: () => undefined,
  transportError: () => undefined,
  terminated: () => undefined,
};

/** One copy of a request on its way to one target, with the timers and the CANCEL that RFC 3261 §16.6 to §16.8 add to its transaction. */
export class ClientBranch implements ClientTransactionEvents {
  readonly target: CoreTarget;
  readonly alternatives: readonly CoreTarget[];
  readonly breadth: number;
  /** Whether a response other than 100 has come. */
  isUnderway = false;
  #request: SipRequest;
  readonly #sender: string;
  readonly #layer: TransactionLayer;
  readonly #owner: BranchOwner;
  #transaction: ClientTransaction | undefined;
  #watch: RequestWatch | undefined;
  /** The one entry in the queue, for whatever is due first. */
  #timer: TimerHandle | undefined;
  #silentAtMs = Infinity;
  #limitMs = Infinity;
  #atLimit: 'timeout' | 'cancelled' = 'timeout';
  #isHeard = false;
  #cancelling = false;
  #cancelSent = false;
  #reasons = NO_REASON;
  #ended = false;

  constructor({ request, target, alternatives, breadth, sender, layer, owner }: ClientBranchOptions) {
    this.target = target;
    this.alternatives = alternatives;
    this.breadth = breadth;
    this.#request = request;
    this.#sender = sender;
    this.#layer = layer;
    this.#owner = owner;
  }

  /** The copy of the request that was sent; after a final response, the outline of it. */
  get request(): SipRequest {
    return this.#request;
  }

  get isPending(): boolean {
    return !this.#ended;
  }

  /** Whether any response has come, including 100. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Sends the request. Events may come before this returns. */
  start(): void {
    this.#startWatch();
    if (this.#request.method === 'INVITE') this.#armTimerC();
    const { hop } = this.target;
    this.#transaction = this.#layer.openClient(this.#request, hop, this, this.#sender);
    if (!this.#transaction) this.#fail(this.#layer.isSwamped(hop, this.#sender) ? 'swamped' : 'overload');
  }

  response(response: SipResponse): void {
    const { status } = response;
    this.#hear(status);
    if (status >= 200) {
      const isFirst = !this.#ended;
      this.#end('answered');
      this.#owner.branchAnswered(this, response);
      if (isFirst) this.#settle();
      return;
    }
    if (this.#cancelling) this.cancel(this.#reasons);
    else if (status > 100) this.#armTimerC();
    if (status > 100) this.#owner.branchAnswered(this, response);
  }

  timeout(): void {
    this.#fail(this.#cancelling ? 'cancelled' : 'timeout');
  }

  transportError(): void {
    this.#fail('hop-closed');
  }

  terminated(): void {
    this.#transaction = undefined;
  }

  /** Cancels an INVITE once a response to it has come (RFC 3261 §9.1); other requests are not cancelled. The reasons of the first call count. */
  cancel(reasons: CancelReasons): void {
    if (this.#ended || this.#cancelSent || this.#request.method !== 'INVITE') return;
    if (!this.#cancelling) this.#reasons = reasons;
    this.#cancelling = true;
    if (this.#transaction?.state !== 'proceeding') return;
    this.#cancelSent = true;
    const { currentHop, hop } = this.target;
    this.#layer.openClient(createCancel(this.#request, this.#reasons), currentHop ?? hop, CANCEL_EVENTS);
    // A callee of before RFC 3261 sends no 487; after 64 × T1 the INVITE counts as cancelled.
    this.#arm(64 * this.#layer.timings.t1Ms, 'cancelled');
  }

  #startWatch(): void {
    const { watch } = this.target;
    if (!watch) return;
    const { t1Ms } = this.#layer.timings;
    this.#watch = watch.sent((which) => {
      if (which === 'all' || !this.#isHeard) this.#giveUp(this.#cancelling ? 'cancelled' : 'lost');
    });
    this.#silentAtMs = this.#layer.nowMs + SILENT_AFTER * t1Ms;
    this.#schedule();
    if (this.#request.method === 'REGISTER') this.#arm(REGISTER_WAIT * t1Ms, 'timeout');
  }

  /** What stays for later 2xx, or to acknowledge a failure again, needs little of the request. */
  #settle(): void {
    const transaction = this.#transaction;
    if (!transaction || (transaction.state !== 'accepted' && this.target.hop.reliable)) return;
    this.#request = outlineOf(this.#request);
    transaction.request = this.#request;
  }

  #hear(status: number): void {
    this.#isHeard = true;
    this.#silentAtMs = Infinity;
    this.#watch?.answered(status);
  }

  /** Starts timer C (RFC 3261 §16.8). */
  #armTimerC(): void {
    if (this.#request.method !== 'INVITE') return;
    this.#arm(this.#layer.context.options.timerCSec * 1000, 'timeout');
  }

  #arm(delayMs: number, atLimit: 'timeout' | 'cancelled'): void {
    this.#limitMs = this.#layer.nowMs + delayMs;
    this.#atLimit = atLimit;
    this.#schedule();
  }

  #schedule(): void {
    const dueMs = Math.min(this.#silentAtMs, this.#limitMs);
    if (dueMs === Infinity) return;
    const { timers } = this.#layer;
    if (this.#timer) timers.reschedule(this.#timer, dueMs);
    else {
      this.#timer = timers.schedule(dueMs, () => {
        this.#runDue(this.#timer?.dueMs ?? 0);
      });
    }
  }

  #runDue(dueMs: number): void {
    this.#timer = undefined;
    if (this.#limitMs <= dueMs) {
      this.#limitMs = Infinity;
      this.#reachLimit();
    } else if (this.#silentAtMs <= dueMs) {
      this.#silentAtMs = Infinity;
      this.#watch?.silent();
    }
    if (!this.#ended) this.#schedule();
  }

  #reachLimit(): void {
    const isRinging = this.#request.method === 'INVITE' && this.#transaction?.state === 'proceeding';
    if (isRinging && this.#atLimit === 'timeout') this.cancel(RANG_TOO_LONG);
    else this.#giveUp(this.#atLimit);
  }

  #giveUp(outcome: 'timeout' | 'cancelled' | 'lost'): void {
    this.#fail(outcome);
    this.#transaction?.terminate();
  }

  #fail(cause: BranchFailure): void {
    if (this.#ended) return;
    this.#end(ENDINGS[cause]);
    this.#owner.branchFailed(this, cause);
  }

  #end(how: Parameters<RequestWatch['ended']>[0]): void {
    this.#ended = true;
    if (this.#timer) this.#layer.timers.cancel(this.#timer);
    this.#timer = undefined;
    this.#watch?.ended(how);
    this.#watch = undefined;
  }
}
