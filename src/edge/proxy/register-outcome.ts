import { isLater, type Outcome } from '../../base/outcome.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type CoreOutcome, type CoreTarget } from '../core/ims-core.ts';
import { type Hop } from '../hop.ts';
import { type ServerExchange } from './server-exchange.ts';
import { type TransactionLayer } from './transaction-layer.ts';

export interface RegisterOutcomeOptions {
  readonly request: SipRequest;
  readonly hop: Hop;
  /** What is done to each response before it leaves, which it does once the outcome is known. */
  readonly decorate: (response: SipResponse) => Outcome<object>;
  readonly layer: TransactionLayer;
  /** Opens the server transaction of the request. */
  readonly openExchange: () => ServerExchange;
  /** What collects the answers to a request that waits in a transaction. */
  readonly openContext: (exchange: ServerExchange) => CoreOutcome;
}

/** What comes of a REGISTER at the core: most often an answer within the call, for which nothing is made; else a transaction in which it waits. */
export class RegisterOutcome implements CoreOutcome {
  readonly #options: RegisterOutcomeOptions;
  #waiting: CoreOutcome | undefined;
  #isAnswered = false;

  constructor(options: RegisterOutcomeOptions) {
    this.#options = options;
  }

  respond(response: SipResponse): void {
    if (this.#isAnswered) return;
    if (this.#waiting || response.status < 200) {
      this.wait();
      this.#waiting?.respond(response);
      return;
    }
    this.#isAnswered = true;
    const { request, hop, decorate, layer, openExchange } = this.#options;
    const decorated = decorate(response);
    if (!isLater(decorated)) {
      layer.answerAtOnce(request, response, hop);
      return;
    }
    const exchange = openExchange();
    decorated.later(() => {
      exchange.respond(response);
    });
  }

  forward(targets: readonly CoreTarget[]): void {
    this.wait();
    this.#waiting?.forward(targets);
  }

  /** Has the request wait in a transaction, unless it is answered. */
  wait(): void {
    if (this.#isAnswered || this.#waiting) return;
    const { decorate, openExchange, openContext } = this.#options;
    const exchange = openExchange();
    exchange.decorate = decorate;
    this.#waiting = openContext(exchange);
  }
}
