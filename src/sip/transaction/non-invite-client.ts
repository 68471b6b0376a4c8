import { type SipResponse } from '../message.ts';
import { ClientTransaction, type ClientTransactionOptions } from './client-transaction.ts';
import { type Moves } from './transaction.ts';

export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';

/** RFC 3261 Figure 6. */
const MOVES: Moves<NonInviteClientState> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** Client side of every request but INVITE and ACK: sends it when constructed. */
export class NonInviteClientTransaction extends ClientTransaction<NonInviteClientState> {
  readonly #startMs: number;

  constructor(options: ClientTransactionOptions) {
    super('trying', MOVES, options);
    this.#startMs = options.nowMs;
    this.#armTimers(this.timings.t1Ms, options.nowMs);
    this.send(this.request);
  }

  receive(response: SipResponse, nowMs: number): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    if (response.status >= 200) {
      this.#complete(response, nowMs);
      return;
    }
    if (this.state === 'trying') {
      this.move('proceeding');
      this.#armTimers(this.timings.t2Ms, nowMs);
    }
    this.pass(response);
  }

  #complete(response: SipResponse, nowMs: number): void {
    this.move('completed');
    this.pass(response);
    // Timer K
    if (this.state === 'completed') this.terminateAfter(this.reliable ? 0 : this.timings.t4Ms, nowMs);
  }

  /** Timer F counts from the first sending, whatever provisional responses came since. */
  #armTimers(intervalMs: number, nowMs: number): void {
    this.timeOutFrom(this.#startMs);
    if (this.reliable) return;
    this.resendAfter(intervalMs, this.timings.t2Ms, nowMs, () => {
      this.send(this.request);
    });
  }
}
