import { EpcscfTurnError } from '../../base/errors.ts';
import { type SipResponse } from '../message.ts';
import { clientTransactionKey } from './transaction-key.ts';
import { Transaction, type Moves, type TransactionEvents, type TransactionOptions } from './transaction.ts';

export interface ClientTransactionEvents extends TransactionEvents {
  /** A response that the TU must see: retransmissions are absorbed before. */
  readonly response: (response: SipResponse) => void;
}

export type ClientTransactionOptions = TransactionOptions<ClientTransactionEvents>;

/** What the INVITE and the non-INVITE client transaction share (RFC 3261 §17.1). */
export abstract class ClientTransaction<State extends string> extends Transaction<State> {
  readonly #on: ClientTransactionEvents;

  protected constructor(initial: State, moves: Moves<State | 'terminated'>, options: ClientTransactionOptions) {
    const key = clientTransactionKey(options.request);
    if (key === undefined) {
      throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', 'SIP request: expected a top Via with a branch, and a CSeq');
    }
    super(key, initial, moves, options);
    this.#on = options.on;
  }

  protected pass(response: SipResponse): void {
    this.#on.response(response);
  }

  /** RFC 3261 §17.1.4: the TU hears of it and the transaction ends. */
  transportFailed(): void {
    if (this.state === 'terminated') return;
    this.informOfTransportError();
    this.terminate();
  }
}
