import { type OwnText, ownText } from '../../base/own-text.ts';
import { isLater, type Outcome } from '../../base/outcome.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { newTag } from '../../sip/token.ts';
import { InviteServerTransaction } from '../../sip/transaction/invite-server.ts';
import { NonInviteServerTransaction } from '../../sip/transaction/non-invite-server.ts';
import { type TransactionTimings } from '../../sip/transaction/timings.ts';
import { type TransactionEvents } from '../../sip/transaction/transaction.ts';
import { type Hop } from '../hop.ts';
import { type CancelReasons } from './cancel-reasons.ts';
import { outlineOf } from './request-outline.ts';

/** What an exchange needs of its transaction layer. */
export interface ExchangeLayer {
  readonly timers: TimerQueue;
  readonly timings: TransactionTimings;
  readonly nowMs: number;
  send(message: SipMessage, hop: Hop): boolean;
  /** Called with each response to a request of a hop. */
  answered(request: SipRequest, status: number, hop: Hop): void;
  /** Forgets an exchange that has ended. */
  serverEnded(exchange: ServerExchange): void;
}

/** Brings about the final answer to a request. */
export interface ExchangeWorker {
  /** The sender has given up: by CANCEL, or by closing its connection. */
  abandon(reasons: CancelReasons): void;
}

export interface ServerExchangeOptions {
  readonly request: SipRequest;
  /** Key of the server transaction, as `serverTransactionKey` makes it. */
  readonly key: string;
  readonly hop: Hop;
  /** The account that the request counts against in the shares of its receivers. */
  readonly sender: string;
  readonly layer: ExchangeLayer;
}

/** One request that a hop has sent and waits to hear about: its server transaction, and what is done to its responses on the way out. */
export class ServerExchange implements TransactionEvents {
  readonly key: string;
  readonly hop: Hop;
  readonly sender: string;
  /** Called with each response before it leaves, which it does once the outcome is known. */
  decorate: ((response: SipResponse) => Outcome<object>) | undefined;
  /** Works on the answer. Absent before anybody does, and where the answer is known at once. */
  worker: ExchangeWorker | undefined;
  readonly #layer: ExchangeLayer;
  readonly #transaction: InviteServerTransaction | NonInviteServerTransaction;
  #toTag: string | undefined;
  /** To of the last response; of a final one it owns its characters. */
  #answeredTo: string | OwnText = '';
  #isSettled = false;

  constructor({ request, key, hop, sender, layer }: ServerExchangeOptions) {
    this.key = key;
    this.hop = hop;
    this.sender = sender;
    this.#layer = layer;
    const options = {
      key,
      request,
      reliable: hop.reliable,
      timers: layer.timers,
      timings: layer.timings,
      nowMs: layer.nowMs,
      send: (message: SipMessage) => {
        layer.send(message, hop);
      },
      on: this,
    };
    this.#transaction =
      request.method === 'INVITE' ? new InviteServerTransaction(options) : new NonInviteServerTransaction(options);
  }

  /** What was asked; after a final answer, the outline of it. */
  get request(): SipRequest {
    return this.#transaction.request;
  }

  /** Tag of the To in every response that is made here (RFC 3261 §8.2.6.2). */
  get toTag(): string {
    this.#toTag ??= newTag();
    return this.#toTag;
  }

  /** Tag of the To in what was answered so far, whoever made it; what is made here has the same if nothing was. */
  get answeredTag(): string {
    const to = parseNameAddr(this.#answeredTo);
    return (to.ok ? to.value.params.get('tag') : undefined) ?? this.toTag;
  }

  /** Whether a final answer, or the ACK of a failure, is still to come. */
  get isPending(): boolean {
    const { state } = this.#transaction;
    if (state === 'completed') return this.#transaction instanceof InviteServerTransaction;
    return state === 'trying' || state === 'proceeding';
  }

  /** Whether no final response has been sent yet, and the sender is still there. */
  get isWaiting(): boolean {
    const { state } = this.#transaction;
    return state === 'trying' || state === 'proceeding';
  }

  respond(response: SipResponse): void {
    // The sender has gone meanwhile: nothing may come of an answer that nobody hears.
    if (this.#transaction.state === 'terminated') return;
    const decorated = this.decorate?.(response);
    if (decorated === undefined || !isLater(decorated)) this.#send(response);
    else {
      decorated.later(() => {
        this.#send(response);
      });
    }
  }

  #send(response: SipResponse): void {
    if (this.#transaction.state === 'terminated') return;
    if (response.status > 100) this.#answeredTo = response.headers.get('To') ?? '';
    this.#transaction.respond(response, this.#layer.nowMs);
    this.#layer.answered(this.request, response.status, this.hop);
    if (response.status >= 200 && !this.#isSettled) this.#settle();
  }

  /** What stays absorbs what comes again, and needs little for it. */
  #settle(): void {
    this.#isSettled = true;
    this.worker = undefined;
    this.decorate = undefined;
    if (this.#transaction.state === 'terminated') return;
    this.#answeredTo = ownText(this.#answeredTo);
    this.#transaction.request = outlineOf(this.request);
  }

  respondWith(status: number, toTag = this.toTag): void {
    this.respond(createResponse(this.request, status, { toTag }));
  }

  receiveRetransmission(): void {
    this.#transaction.receiveRetransmission();
  }

  /** Takes an ACK. Returns true when it acknowledges a failure, and so ends here. */
  receiveAck(): boolean {
    return this.#transaction instanceof InviteServerTransaction && this.#transaction.receiveAck(this.#layer.nowMs);
  }

  timeout(): void {
    // A WIC that does not acknowledge a failure has nothing left here that could be undone.
  }

  transportError(): void {
    // As for a timeout.
  }

  terminated(): void {
    this.#layer.serverEnded(this);
  }

  /** Ends the exchange without a response: its sender is gone, or no response may be sent. */
  drop(): void {
    this.#transaction.terminate();
  }
}
