import { createResponse } from '../../sip/create-response.ts';
import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { stripCredentialHeaders } from '../../sip/turn-credential.ts';
import { type Border } from '../border/border.ts';
import { type CoreOutcome, type CoreTarget } from '../core/ims-core.ts';
import { type Hop } from '../hop.ts';
import { chooseBestResponse, type FinalOutcome } from './best-response.ts';
import { ANSWERED_ELSEWHERE, type CancelReasons, declinedElsewhere } from './cancel-reasons.ts';
import { type BranchFailure, type BranchOwner, ClientBranch } from './client-branch.ts';
import { withoutForeignChallenges } from './digest-privacy.ts';
import { type EndedDialogs } from './ended-dialogs.ts';
import { type RequestForwarder } from './forward-request.ts';
import { incomingBreadth, splitBreadth } from './max-breadth.ts';
import { type ExchangeWorker, type ServerExchange } from './server-exchange.ts';
import { type TransactionLayer } from './transaction-layer.ts';
import { tryLater } from './try-later.ts';

/** What is the same for all requests. */
export interface ForwardingParts {
  readonly forwarder: RequestForwarder;
  readonly border: Border;
  readonly ended: EndedDialogs;
  readonly layer: TransactionLayer;
  /** A target had no room left for this sender. */
  readonly onSwamped: (target: Hop) => void;
}

/** RFC 3261 §16.7: collects what the branches of one request answer and decides what its sender hears. */
export class ResponseContext implements CoreOutcome, ExchangeWorker, BranchOwner {
  readonly #parts: ForwardingParts;
  readonly #exchange: ServerExchange;
  readonly #hopClosedStatus: 430 | 480;
  readonly #branches: ClientBranch[] = [];
  #finals: FinalOutcome[] = [];
  /** What is copied for each target; after the final answer, the outline of it. */
  #request: SipRequest;
  /** Targets that Max-Breadth has left no share for yet. */
  #waiting: CoreTarget[] = [];
  /** One of the copies: the sender's own entry in Record-Route is the same in all. */
  #sent: SipRequest | undefined;
  #decided = false;
  #finalSent = false;
  #cancelled = false;

  /**
   * `request`: without the fields that must not be forwarded. `hopClosedStatus`: what the sender is told when a target's connection is gone, 480 for a user,
   * 430 for a flow (RFC 5626 §5.3).
   */
  constructor(exchange: ServerExchange, request: SipRequest, hopClosedStatus: 430 | 480, parts: ForwardingParts) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#request = request;
    this.#hopClosedStatus = hopClosedStatus;
    exchange.worker = this;
  }

  respond(response: SipResponse): void {
    if (this.#decided || this.#finalSent) return;
    this.#send(response);
  }

  forward(targets: readonly CoreTarget[]): void {
    if (this.#decided || this.#finalSent) return;
    this.#decided = true;
    const { headers } = this.#exchange.request;
    const shares = splitBreadth(incomingBreadth(headers), targets.length);
    if (Number(headers.get('Max-Forwards') ?? Infinity) === 0) this.#send(this.#own(483));
    else if (shares.length === 0) this.#send(this.#own(440));
    else this.#start(targets, shares);
  }

  #start(targets: readonly CoreTarget[], shares: readonly number[]): void {
    this.#waiting = targets.slice(shares.length);
    const branches = targets.slice(0, shares.length).map((target, index) => {
      return this.#prepare(target, target.alternatives ?? [], shares[index] ?? 1);
    });
    for (const branch of branches) branch.start();
    this.#finishIfAllDone();
  }

  #prepare(target: CoreTarget, alternatives: readonly CoreTarget[], breadth: number): ClientBranch {
    const { forwarder, layer } = this.#parts;
    const { request: received, hop: from, sender } = this.#exchange;
    const request = forwarder.forwardCopy(this.#request, { received, from, target, breadth });
    this.#sent = request;
    const branch = new ClientBranch({ request, target, alternatives, breadth, sender, layer, owner: this });
    this.#branches.push(branch);
    return branch;
  }

  branchAnswered(branch: ClientBranch, received: SipResponse): void {
    const { target, request: sent } = branch;
    const response = withoutForeignChallenges(received, target.hop);
    const { request, hop } = this.#exchange;
    // Step 3, by the request we kept: the sender gets back the very Vias it sent, whatever the target made of them.
    response.headers.takeFrom(request.headers, 'Via');
    // Nobody but the edge hands out credentials.
    stripCredentialHeaders(response.headers);
    const { border, ended } = this.#parts;
    // RFC 3261 §8.2.2.2: 482 says that it has the request already.
    if (received.status >= 300 && received.status !== 482) ended.noteFailure(sent, 'uas');
    if (target.hop.kind === 'wic') border.responseFromWic(response, sent, target, request);
    if (hop.kind === 'wic') border.responseToWic(response, request, hop, target.hop);
    const { status } = response;
    if (status < 200) {
      branch.isUnderway = true;
      if (!this.#finalSent) this.#exchange.respond(response);
    } else if (status < 300) {
      this.#receiveSuccess(response);
    } else if (
      !this.#isFailureOf(target, status) ||
      !this.#tryElsewhere(branch, status === 430 ? 'hop-closed' : 'refused')
    ) {
      this.#receiveFailure(response, branch);
    }
  }

  /**
   * Whether a status speaks of the target, not of the request; the other flow of a device leads to the same device, and is worth a try where this one has
   * failed and nothing else is its failure (RFC 5626 §7). TS 24.229 §5.2.2.1: so it does
   * where an I-CSCF sends a REGISTER away.
   */
  #isFailureOf({ isAll, hop }: CoreTarget, status: number): boolean {
    if (status === 503) return hop.kind === 'core';
    if (status === 430) return hop.kind === 'wic';
    return isAll === true && this.#exchange.request.method === 'REGISTER' && (status < 400 || status === 480);
  }

  #receiveFailure(response: SipResponse, { target, breadth }: ClientBranch): void {
    if (response.status !== 503 && this.#isFailureOf(target, response.status)) {
      this.#finals.push({ response: this.#unreachable(target), isOwn: true });
    } else if (response.status === 503 && target.isAll) {
      this.#finals.push({ response: this.#unavailable(response.headers.get('Retry-After')), isOwn: true });
    } else {
      this.#finals.push({ response, isOwn: false });
      if (response.status >= 600) this.#cancelBranches(declinedElsewhere(response.status));
    }
    this.#goOn(breadth);
  }

  /** Step 5: every 2xx to an INVITE goes to the caller at once; of other requests the first. */
  #receiveSuccess(response: SipResponse): void {
    if (this.#finalSent && this.#exchange.request.method !== 'INVITE') return;
    this.#send(response);
    this.#cancelBranches(ANSWERED_ELSEWHERE);
  }

  branchFailed(branch: ClientBranch, cause: BranchFailure): void {
    this.#parts.ended.noteFailure(branch.request, 'uas');
    if (isReasonToMove(cause, branch, this.#exchange.request.method) && this.#tryElsewhere(branch, cause)) return;
    this.#finals.push({ response: this.#answerFor(cause, branch), isOwn: true });
    this.#goOn(branch.breadth);
  }

  /** A branch has ended in nothing: its share of Max-Breadth serves who has waited for one. */
  #goOn(breadth: number): void {
    const next = this.#waiting.shift();
    if (next) this.#prepare(next, next.alternatives ?? [], breadth).start();
    else this.#finishIfAllDone();
  }

  /** RFC 3263 §4.3: a copy of its own, under another branch, to the next place. False when there is none to try. */
  #tryElsewhere(branch: ClientBranch, cause: BranchFailure | 'refused'): boolean {
    const { target, alternatives, isUnderway, breadth } = branch;
    if (isUnderway || this.#finalSent || this.#cancelled) return false;
    // Another transport to the same place helps where the first could not be had, and only there.
    const usable =
      cause === 'hop-closed' ? alternatives : alternatives.filter(({ hop }) => !isSameRemote(hop, target.hop));
    const [next, ...rest] = usable;
    if (!next) return false;
    this.#prepare(next, rest, breadth).start();
    return true;
  }

  #answerFor(cause: BranchFailure, branch: ClientBranch): SipResponse {
    switch (cause) {
      case 'cancelled':
        return this.#own(487);
      case 'overload':
        return this.#unavailable();
      case 'swamped':
        this.#parts.onSwamped(branch.target.hop);
        return tryLater(this.#own(480), this.#retryAfterSec);
      case 'timeout':
        return isServerSilent(branch, this.#exchange.request) ? this.#unreachable(branch.target) : this.#own(408);
      case 'hop-closed':
      case 'lost':
        return this.#unreachable(branch.target);
    }
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
    if (response.status >= 300 && this.#sent) this.#parts.ended.noteFailure(this.#sent, 'uac');
    this.#exchange.respond(response);
    if (response.status >= 200) this.#settle();
  }

  /** Nothing is sent anywhere any more, and who was called may still answer for half a minute. */
  #settle(): void {
    this.#request = this.#exchange.request;
    this.#sent = undefined;
    this.#finals = [];
  }

  /** RFC 3261 §16.10: the sender wants no answer any more. */
  abandon(reasons: CancelReasons): void {
    if (this.#finalSent) return;
    this.#cancelled = true;
    // The core is still looking where the request is to go: nothing is to be cancelled anywhere.
    if (!this.#decided) this.#send(this.#own(487));
    this.#cancelBranches(reasons);
  }

  /** Cancels all pending branches (step 10). */
  #cancelBranches(reasons: CancelReasons): void {
    this.#waiting = [];
    for (const branch of this.#branches) branch.cancel(reasons);
  }

  #own(status: number): SipResponse {
    return createResponse(this.#exchange.request, status, { toTag: this.#exchange.toTag });
  }

  #unreachable({ unreachable }: CoreTarget): SipResponse {
    const { request, toTag } = this.#exchange;
    return unreachable?.(request, { toTag }) ?? this.#own(this.#hopClosedStatus);
  }

  /** The 503 of the edge with Retry-After. `askedSec`: the Retry-After of the core, if it gave one. */
  #unavailable(askedSec?: string): SipResponse {
    const seconds = askedSec === undefined ? undefined : /^\d{1,6}/.exec(askedSec)?.[0];
    return tryLater(this.#own(503), seconds ?? this.#retryAfterSec);
  }

  get #retryAfterSec(): number {
    return this.#parts.layer.context.options.retryAfterSec;
  }
}

/** A target that has answered has the request; one that is silent for 64 × T1 has used up the time of a caller who is told of no progress. */
function isReasonToMove(cause: BranchFailure, branch: ClientBranch, method: string): boolean {
  if (branch.isHeard) return false;
  return cause === 'hop-closed' || cause === 'lost' || (cause === 'timeout' && method === 'INVITE');
}

/**
 * Whether a time that ran out says that a server of the core is gone, and not that somebody behind it does not answer. Nobody but that server
 * answers a REGISTER, to which a 408 would not be sent; an INVITE that begins something has a 100 of its S-CSCF at once.
 */
function isServerSilent({ target, isHeard }: ClientBranch, request: SipRequest): boolean {
  if (request.method === 'REGISTER') return target.unreachable !== undefined;
  return request.method === 'INVITE' && !isHeard && target.isAll === false && !isInDialog(request);
}

function isSameRemote(a: Hop, b: Hop): boolean {
  return a.remoteAddress === b.remoteAddress && a.remotePort === b.remotePort;
}
