import { type TimerQueue } from '../../base/timer-queue.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type ClientTransactionEvents } from '../../sip/transaction/client-transaction.ts';
import { InviteClientTransaction } from '../../sip/transaction/invite-client.ts';
import { NonInviteClientTransaction } from '../../sip/transaction/non-invite-client.ts';
import { type TransactionTimings } from '../../sip/transaction/timings.ts';
import { answersOwed } from '../flood/owed-answers.ts';
import { type Hop } from '../hop.ts';

export type ClientTransaction = InviteClientTransaction | NonInviteClientTransaction;

/** What an exchange needs of its transaction layer. */
export interface ClientExchangeLayer {
  readonly timers: TimerQueue;
  readonly timings: TransactionTimings;
  readonly nowMs: number;
  send(message: SipMessage, hop: Hop): boolean;
  /** Forgets an exchange that has ended. */
  clientEnded(exchange: ClientExchange): void;
}

export interface ClientExchangeOptions {
  readonly request: SipRequest;
  readonly hop: Hop;
  /** The account on which it takes a place of a WIC. */
  readonly sender: string;
  readonly on: ClientTransactionEvents;
  readonly layer: ClientExchangeLayer;
}

/** One request that was sent to a hop: its client transaction, and what it costs. */
export class ClientExchange implements ClientTransactionEvents {
  readonly hop: Hop;
  readonly sender: string;
  readonly transaction: ClientTransaction;
  /** Tokens that answers of the hop may still cost without counting against the hop. */
  owed: number;
  /** Whether the hop was gone when something was sent. */
  hasFailed = false;
  readonly #on: ClientTransactionEvents;
  readonly #layer: ClientExchangeLayer;

  /** Sends the request. */
  constructor({ request, hop, sender, on, layer }: ClientExchangeOptions) {
    this.hop = hop;
    this.sender = sender;
    this.owed = answersOwed(request.method);
    this.#on = on;
    this.#layer = layer;
    const options = {
      request,
      reliable: hop.reliable,
      timers: layer.timers,
      timings: layer.timings,
      nowMs: layer.nowMs,
      send: (message: SipMessage): void => {
        if (!layer.send(message, hop)) this.hasFailed = true;
      },
      on: this,
    };
    this.transaction =
      request.method === 'INVITE' ? new InviteClientTransaction(options) : new NonInviteClientTransaction(options);
  }

  get key(): string {
    return this.transaction.key;
  }

  response(response: SipResponse): void {
    this.#on.response(response);
  }

  timeout(): void {
    this.#on.timeout();
  }

  transportError(): void {
    this.#on.transportError();
  }

  terminated(): void {
    this.#layer.clientEnded(this);
    this.#on.terminated();
  }
}
