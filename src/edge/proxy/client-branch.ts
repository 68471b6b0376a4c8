import { type TimerHandle } from '../../core/timer-queue.ts';
import { createCancel } from '../../sip/hop-requests.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type Hop } from '../flow/hop.ts';
import { type ClientTransaction, type TransactionLayer } from './transaction-layer.ts';

/** What a branch tells its response context. Exactly one final outcome: a final response, or a failure; 2xx to INVITE may repeat. */
export interface BranchEvents {
  /** Never a 100. */
  readonly response: (response: SipResponse) => void;
  readonly failed: (cause: BranchFailure) => void;
}

export type BranchFailure = 'timeout' | 'cancelled' | 'hop-closed' | 'overload';

/** One copy of a request on its way to one target, with the timers and the CANCEL that RFC 3261 §16.6 to §16.8 add to its transaction. */
export class ClientBranch {
  readonly #request: SipRequest;
  readonly #hop: Hop;
  readonly #layer: TransactionLayer;
  readonly #on: BranchEvents;
  #transaction: ClientTransaction | undefined;
  #timer: TimerHandle | undefined;
  #cancelling = false;
  #cancelSent = false;
  #ended = false;

  constructor(request: SipRequest, hop: Hop, layer: TransactionLayer, on: BranchEvents) {
    this.#request = request;
    this.#hop = hop;
    this.#layer = layer;
    this.#on = on;
  }

  get isPending(): boolean {
    return !this.#ended;
  }

  /** Sends the request. Events may come before this returns. */
  start(): void {
    if (this.#request.method === 'INVITE') this.#armTimerC();
    this.#transaction = this.#layer.openClient(this.#request, this.#hop, {
      response: (response) => {
        this.#receive(response);
      },
      timeout: () => {
        this.#fail(this.#cancelling ? 'cancelled' : 'timeout');
      },
      transportError: () => {
        this.#fail('hop-closed');
      },
      terminated: () => {
        this.#transaction = undefined;
      },
    });
    if (!this.#transaction) this.#fail('overload');
  }

  /** RFC 3261 §9.1: only an INVITE is cancelled, and not before it was heard of. */
  cancel(): void {
    if (this.#ended || this.#cancelSent || this.#request.method !== 'INVITE') return;
    this.#cancelling = true;
    if (this.#transaction?.state !== 'proceeding') return;
    this.#cancelSent = true;
    this.#layer.openClient(createCancel(this.#request), this.#hop, {
      response: ignore,
      timeout: ignore,
      transportError: ignore,
      terminated: ignore,
    });
    // A callee of before RFC 3261 sends no 487; after 64 × T1 the INVITE counts as cancelled.
    this.#arm(64 * this.#layer.timings.t1Ms, 'cancelled');
  }

  #receive(response: SipResponse): void {
    if (response.status >= 200) {
      this.#end();
      this.#on.response(response);
      return;
    }
    if (this.#cancelling) this.cancel();
    else if (response.status > 100) this.#armTimerC();
    if (response.status > 100) this.#on.response(response);
  }

  /** RFC 3261 §16.8 */
  #armTimerC(): void {
    if (this.#request.method !== 'INVITE') return;
    this.#arm(this.#layer.context.options.timerCSec * 1000, 'timeout');
  }

  #arm(delayMs: number, outcome: 'timeout' | 'cancelled'): void {
    this.#disarm();
    this.#timer = this.#layer.context.timers.schedule(this.#layer.nowMs + delayMs, () => {
      this.#timer = undefined;
      if (outcome === 'timeout' && this.#transaction?.state === 'proceeding') this.cancel();
      else this.#giveUp(outcome);
    });
  }

  #giveUp(outcome: 'timeout' | 'cancelled'): void {
    this.#fail(outcome);
    this.#transaction?.terminate();
  }

  #fail(cause: BranchFailure): void {
    if (this.#ended) return;
    this.#end();
    this.#on.failed(cause);
  }

  #end(): void {
    this.#ended = true;
    this.#disarm();
  }

  #disarm(): void {
    if (this.#timer) this.#layer.context.timers.cancel(this.#timer);
    this.#timer = undefined;
  }
}

function ignore(): void {
  // Whatever becomes of the CANCEL, the outcome is told by the INVITE it was sent for.
}
