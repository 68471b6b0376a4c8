import { type SipResponse } from '../message.ts';
import { Transaction, type Moves, type TransactionEvents, type TransactionOptions } from './transaction.ts';

export interface ServerTransactionOptions extends TransactionOptions<TransactionEvents> {
  /** The key that `serverTransactionKey` makes. */
  readonly key: string;
}

/** What the INVITE and the non-INVITE server transaction share (RFC 3261 §17.2). */
export abstract class ServerTransaction<State extends string> extends Transaction<State> {
  #lastResponse: SipResponse | undefined;

  protected constructor(initial: State, moves: Moves<State | 'terminated'>, options: ServerTransactionOptions) {
    super(options.key, initial, moves, options);
  }

  /**
   * The response could not be sent. RFC 6026 §8.8 keeps the transaction, so that a retransmitted request is not taken for a new one;
   * on a connection that is gone none can come, and the transaction ends.
   */
  transportFailed(): void {
    if (this.state === 'terminated') return;
    this.informOfTransportError();
    if (this.reliable) this.terminate();
  }

  protected sendAndKeep(response: SipResponse): void {
    this.#lastResponse = response;
    this.send(response);
  }

  /** For a state that has nothing to repeat. */
  protected forgetResponse(): void {
    this.#lastResponse = undefined;
  }

  protected resend(): void {
    if (this.#lastResponse) this.send(this.#lastResponse);
  }
}
