import { type SipResponse } from '../message.ts';
import { ServerTransaction, type ServerTransactionOptions } from './server-transaction.ts';
import { type Moves } from './transaction.ts';

export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';

/** RFC 3261 Figure 8. */
const MOVES: Moves<NonInviteServerState> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** Server side of every request but INVITE and ACK. */
export class NonInviteServerTransaction extends ServerTransaction<NonInviteServerState> {
  constructor(options: ServerTransactionOptions) {
    super('trying', MOVES, options);
  }

  /** False when a final response was sent before. */
  respond(response: SipResponse, nowMs: number): boolean {
    if (this.state !== 'trying' && this.state !== 'proceeding') return false;
    if (response.status < 200) {
      if (this.state === 'trying') this.move('proceeding');
      this.sendAndKeep(response);
      return true;
    }
    this.move('completed');
    this.sendAndKeep(response);
    // Timer J
    this.terminateAfter(this.reliable ? 0 : 64 * this.timings.t1Ms, nowMs);
    return true;
  }

  receiveRetransmission(): void {
    if (this.state === 'proceeding' || this.state === 'completed') this.resend();
  }
}
