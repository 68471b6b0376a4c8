import { type RequestHandler } from '../../edge/proxy/request-stages.ts';
import { type SipResponse } from '../../sip/message.ts';
import { type SipJudge } from './sip-verdicts.ts';

type Received = Parameters<RequestHandler['begin']>[0];

/** Stands before the edge's handler of requests: answers those of WICs in its place, or loses them. */
export class FaultyRequests implements RequestHandler {
  readonly #handler: RequestHandler;
  readonly #judge: Pick<SipJudge, 'request'>;

  constructor(handler: RequestHandler, judge: Pick<SipJudge, 'request'>) {
    this.#handler = handler;
    this.#judge = judge;
  }

  begin(received: Received): SipResponse | undefined {
    const { request, hop } = received;
    const verdict = hop.kind === 'wic' ? this.#judge.request(request, hop) : undefined;
    switch (verdict?.kind) {
      case undefined:
        return this.#handler.begin(received);
      case 'drop':
        return undefined;
      case 'answer':
        return verdict.response;
    }
  }

  forwardAck(...ack: Parameters<RequestHandler['forwardAck']>): void {
    this.#handler.forwardAck(...ack);
  }
}
