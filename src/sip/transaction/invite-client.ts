import { createAck } from '../hop-requests.ts';
import { type SipRequest, type SipResponse } from '../message.ts';
import { ClientTransaction, type ClientTransactionOptions } from './client-transaction.ts';
import { type Moves } from './transaction.ts';

export type InviteClientState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

/** RFC 3261 Figure 5 as RFC 6026 §7.2 redraws it. */
const MOVES: Moves<InviteClientState> = {
  calling: ['proceeding', 'completed', 'accepted', 'terminated'],
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

/**
 * Client side of an INVITE: sends it when constructed and acknowledges failures. Acknowledging a 2xx is the TU's affair, and so are CANCEL and
 * the bound on ringing (Timer C).
 */
export class InviteClientTransaction extends ClientTransaction<InviteClientState> {
  #ack: SipRequest | undefined;

  constructor(options: ClientTransactionOptions) {
    super('calling', MOVES, options);
    const { nowMs } = options;
    this.timeOutFrom(nowMs);
    if (!this.reliable) {
      this.resendAfter(this.timings.t1Ms, Infinity, nowMs, () => {
        this.send(this.request);
      });
    }
    this.send(this.request);
  }

  receive(response: SipResponse, nowMs: number): void {
    const { status } = response;
    if (this.state === 'calling' || this.state === 'proceeding') {
      if (status >= 300) this.#complete(response, nowMs);
      else if (status >= 200) this.#accept(response, nowMs);
      else this.#provisional(response);
    } else if (this.state === 'accepted' && status >= 200 && status < 300) {
      // RFC 6026 §7.2: the 2xx of every fork, and each of its retransmissions.
      this.pass(response);
    } else if (this.state === 'completed' && status >= 300 && this.#ack) {
      this.send(this.#ack);
    }
  }

  #provisional(response: SipResponse): void {
    if (this.state === 'calling') this.move('proceeding');
    this.pass(response);
  }

  /** Stays for Timer M, on every transport: other forks may answer too. */
  #accept(response: SipResponse, nowMs: number): void {
    this.move('accepted');
    this.terminateAfter(64 * this.timings.t1Ms, nowMs);
    this.pass(response);
  }

  #complete(response: SipResponse, nowMs: number): void {
    this.move('completed');
    this.#ack = createAck(this.request, response);
    this.send(this.#ack);
    this.pass(response);
    if (this.state === 'completed') this.terminateAfter(this.reliable ? 0 : this.timings.timerDMs, nowMs);
  }
}
