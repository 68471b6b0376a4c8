import { createResponse } from '../create-response.ts';
import { type SipResponse } from '../message.ts';
import { ServerTransaction, type ServerTransactionOptions } from './server-transaction.ts';
import { type Moves } from './transaction.ts';

export type InviteServerState = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

/** RFC 3261 Figure 7 as RFC 6026 §7.1 redraws it. */
const MOVES: Moves<InviteServerState> = {
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

/** Server side of an INVITE. A 2xx and its ACK are the TU's affair; every other final response is repeated here until its ACK comes. */
export class InviteServerTransaction extends ServerTransaction<InviteServerState> {
  constructor(options: ServerTransactionOptions) {
    super('proceeding', MOVES, options);
    this.runAfter(this.timings.tryingDelayMs, options.nowMs, () => {
      this.sendAndKeep(createResponse(this.request, 100));
    });
  }

  /** False when the state has no use for the response: a final one was sent before. Further 2xx of a forked INVITE still pass. */
  respond(response: SipResponse, nowMs: number): boolean {
    const isSuccess = response.status >= 200 && response.status < 300;
    if (this.state === 'accepted' && isSuccess) {
      this.send(response);
      return true;
    }
    if (this.state !== 'proceeding') return false;
    if (response.status < 200) this.#provisional(response);
    else if (isSuccess) this.#accept(response, nowMs);
    else this.#complete(response, nowMs);
    return true;
  }

  #provisional(response: SipResponse): void {
    this.forgetRepeat();
    this.sendAndKeep(response);
  }

  /** RFC 6026 §7.1: stays for Timer L to absorb retransmitted INVITEs, on every transport. No provisional response is sent again. */
  #accept(response: SipResponse, nowMs: number): void {
    this.move('accepted');
    this.forgetResponse();
    this.terminateAfter(64 * this.timings.t1Ms, nowMs);
    this.send(response);
  }

  #complete(response: SipResponse, nowMs: number): void {
    const { t1Ms, t2Ms } = this.timings;
    this.move('completed');
    this.timeOutFrom(nowMs);
    if (!this.reliable) {
      this.resendAfter(t1Ms, t2Ms, nowMs, () => {
        this.resend();
      });
    }
    this.sendAndKeep(response);
  }

  receiveRetransmission(): void {
    if (this.state === 'proceeding' || this.state === 'completed') this.resend();
  }

  /** True when the ACK was for this transaction and ends here; false when it acknowledges a 2xx and belongs to the TU. */
  receiveAck(nowMs: number): boolean {
    if (this.state === 'accepted') return false;
    if (this.state === 'completed') {
      this.move('confirmed');
      this.forgetResponse();
      this.terminateAfter(this.reliable ? 0 : this.timings.t4Ms, nowMs);
    }
    return true;
  }
}
