import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { stripCredentialHeaders } from '../../sip/turn-credential.ts';
import { type Border } from '../border/border.ts';
import { type CoreOutcome, type CoreTarget } from '../core/ims-core.ts';
import { chooseBestResponse } from './best-response.ts';
import { type BranchFailure, ClientBranch } from './client-branch.ts';
import { withoutForeignChallenges } from './digest-privacy.ts';
import { type RequestForwarder } from './forward-request.ts';
import { type ServerExchange } from './server-exchange.ts';
import { type TransactionLayer } from './transaction-layer.ts';

export interface ResponseContextOptions {
  readonly exchange: ServerExchange;
  /** The request without what is not to go on; its copies are forwarded. */
  readonly request: SipRequest;
  /** What the sender is told when a target's connection is gone: 480 for a user, 430 for a flow (RFC 5626 §5.3). */
  readonly hopClosedStatus: 430 | 480;
  readonly forwarder: RequestForwarder;
  readonly border: Border;
  readonly layer: TransactionLayer;
}

/** RFC 3261 §16.7: collects what the branches of one request answer and decides what its sender hears. */
export class ResponseContext implements CoreOutcome {
  readonly #options: ResponseContextOptions;
  readonly #exchange: ServerExchange;
  readonly #branches: ClientBranch[] = [];
  readonly #finals: SipResponse[] = [];
  #decided = false;
  #finalSent = false;
  #cancelled = false;

  constructor(options: ResponseContextOptions) {
    this.#options = options;
    this.#exchange = options.exchange;
    this.#exchange.onAbandoned = () => {
      this.#cancel();
    };
  }

  respond(response: SipResponse): void {
    if (this.#decided || this.#finalSent) return;
    this.#send(response);
  }

  forward(targets: readonly CoreTarget[]): void {
    if (this.#decided || this.#finalSent) return;
    this.#decided = true;
    if (this.#cancelled) {
      this.#send(this.#own(487));
      return;
    }
    const { forwarder, request, layer } = this.#options;
    const { request: received, hop } = this.#exchange;
    for (const target of targets) {
      const copy = forwarder.forwardCopy(request, received, hop, target);
      const branch: ClientBranch = new ClientBranch(copy, target.hop, layer, {
        response: (response) => {
          this.#receive(response, copy, target);
        },
        failed: (cause) => {
          this.#fail(cause);
        },
      });
      this.#branches.push(branch);
    }
    for (const branch of [...this.#branches]) branch.start();
    this.#finishIfAllDone();
  }

  #receive(received: SipResponse, sent: SipRequest, target: CoreTarget): void {
    const response = withoutForeignChallenges(received, target.hop);
    const { request, hop } = this.#exchange;
    restoreVias(response, request);
    // Nobody but the edge hands out credentials.
    stripCredentialHeaders(response.headers);
    const { border } = this.#options;
    if (target.hop.kind === 'wic') border.responseFromWic(response, sent, target.hop);
    if (hop.kind === 'wic') border.responseToWic(response, request, hop);
    const { status } = response;
    if (status < 200) {
      if (!this.#finalSent) this.#exchange.respond(response);
    } else if (status < 300) {
      this.#receiveSuccess(response);
    } else {
      this.#finals.push(response);
      if (status >= 600) this.#cancelBranches();
      this.#finishIfAllDone();
    }
  }

  /** Step 5: every 2xx to an INVITE goes to the caller at once; of other requests the first. */
  #receiveSuccess(response: SipResponse): void {
    if (this.#finalSent && this.#exchange.request.method !== 'INVITE') return;
    this.#send(response);
    this.#cancelBranches();
  }

  #fail(cause: BranchFailure): void {
    const status = { timeout: 408, cancelled: 487, 'hop-closed': this.#options.hopClosedStatus, overload: 503 }[cause];
    this.#finals.push(this.#own(status));
    this.#finishIfAllDone();
  }

  #finishIfAllDone(): void {
    if (this.#finalSent || this.#branches.some((branch) => branch.isPending)) return;
    const { request } = this.#exchange;
    const best = chooseBestResponse(request, this.#finals, this.#exchange.toTag);
    if (best.status === 408 && request.method !== 'INVITE') {
      // RFC 4320 §4.2: the sender's own timer has run out by now; a 408 would only make trouble.
      this.#finalSent = true;
      this.#exchange.drop();
      return;
    }
    this.#send(best);
  }

  #send(response: SipResponse): void {
    if (response.status >= 200) this.#finalSent = true;
    this.#exchange.respond(response);
  }

  #cancel(): void {
    if (this.#finalSent) return;
    this.#cancelled = true;
    this.#cancelBranches();
  }

  /** Step 10 */
  #cancelBranches(): void {
    for (const branch of this.#branches) branch.cancel();
  }

  #own(status: number): SipResponse {
    return createResponse(this.#exchange.request, status, { toTag: this.#exchange.toTag });
  }
}

/** Step 3, by the request we kept: the sender gets back the very Vias it sent, whatever the target made of them. */
function restoreVias(response: SipResponse, request: SipRequest): void {
  const { headers } = response;
  headers.remove('Via');
  for (const via of request.headers.getAll('Via').reverse()) headers.prepend('Via', via);
}
