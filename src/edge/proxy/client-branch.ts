import { type TimerHandle } from '../../base/timer-queue.ts';
import { createCancel } from '../../sip/hop-requests.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type CoreTarget, type RequestWatch } from '../core/ims-core.ts';
import { type CancelReasons, NO_REASON, RANG_TOO_LONG } from './cancel-reasons.ts';
import { type ClientTransaction, type TransactionLayer } from './transaction-layer.ts';

/** What a branch tells its response context. Exactly one final outcome: a final response, or a failure; 2xx to INVITE may repeat. */
export interface BranchEvents {
  /** A response has come. Never called for a 100. */
  readonly response: (response: SipResponse) => void;
  readonly failed: (cause: BranchFailure) => void;
}

/**
 * Why a branch has ended without a response. `lost`: the target is known not to answer any more. `overload`: the edge has no room. `swamped`:
 * the target has no room for this sender.
 */
export type BranchFailure = 'timeout' | 'cancelled' | 'hop-closed' | 'lost' | 'overload' | 'swamped';

export interface ClientBranchOptions {
  /** The copy of the request for this target. */
  readonly request: SipRequest;
  readonly target: CoreTarget;
  /** The account that the request counts against in the shares of the target. */
  readonly sender: string;
  readonly layer: TransactionLayer;
  readonly on: BranchEvents;
}

/** In T1: over UDP a third copy has gone by then and has had the time of a round trip. */
const SILENT_AFTER = 4;
/** In T1: a REGISTER that nobody answers is answered by the edge while its client still listens, for 64. */
const REGISTER_WAIT = 56;

const ENDINGS = {
  timeout: 'timeout',
  cancelled: 'cancelled',
  'hop-closed': 'unreachable',
  lost: 'unreachable',
  overload: 'cancelled',
  swamped: 'cancelled',
} as const;

/** One copy of a request on its way to one target, with the timers and the CANCEL that RFC 3261 §16.6 to §16.8 add to its transaction. */
export class ClientBranch {
  readonly #request: SipRequest;
  readonly #target: CoreTarget;
  readonly #sender: string;
  readonly #layer: TransactionLayer;
  readonly #on: BranchEvents;
  #transaction: ClientTransaction | undefined;
  #watch: RequestWatch | undefined;
  #timer: TimerHandle | undefined;
  #silence: TimerHandle | undefined;
  #isHeard = false;
  #cancelling = false;
  #cancelSent = false;
  #reasons = NO_REASON;
  #ended = false;

  constructor({ request, target, sender, layer, on }: ClientBranchOptions) {
    this.#request = request;
    this.#target = target;
    this.#sender = sender;
    this.#layer = layer;
    this.#on = on;
  }

  get isPending(): boolean {
    return !this.#ended;
  }

  /** Whether any response has come, including 100. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Sends the request. Events may come before this returns. */
  start(): void {
    this.#startWatch();
    if (this.#request.method === 'INVITE') this.#armTimerC();
    const { hop } = this.#target;
    const on = {
      response: (response: SipResponse): void => {
        this.#receive(response);
      },
      timeout: (): void => {
        this.#fail(this.#cancelling ? 'cancelled' : 'timeout');
      },
      transportError: (): void => {
        this.#fail('hop-closed');
      },
      terminated: (): void => {
        this.#transaction = undefined;
      },
    };
    this.#transaction = this.#layer.openClient(this.#request, hop, on, this.#sender);
    if (!this.#transaction) this.#fail(this.#layer.isSwamped(hop, this.#sender) ? 'swamped' : 'overload');
  }

  /** Cancels an INVITE once a response to it has come (RFC 3261 §9.1); other requests are not cancelled. The reasons of the first call count. */
  cancel(reasons: CancelReasons): void {
    if (this.#ended || this.#cancelSent || this.#request.method !== 'INVITE') return;
    if (!this.#cancelling) this.#reasons = reasons;
    this.#cancelling = true;
    if (this.#transaction?.state !== 'proceeding') return;
    this.#cancelSent = true;
    this.#layer.openClient(createCancel(this.#request, this.#reasons), this.#target.currentHop ?? this.#target.hop, {
      response: ignore,
      timeout: ignore,
      transportError: ignore,
      terminated: ignore,
    });
    // A callee of before RFC 3261 sends no 487; after 64 × T1 the INVITE counts as cancelled.
    this.#arm(64 * this.#layer.timings.t1Ms, 'cancelled');
  }

  #startWatch(): void {
    const { watch } = this.#target;
    if (!watch) return;
    const { t1Ms } = this.#layer.timings;
    this.#watch = watch.sent((which) => {
      if (which === 'all' || !this.#isHeard) this.#giveUp(this.#cancelling ? 'cancelled' : 'lost');
    });
    this.#silence = this.#schedule(SILENT_AFTER * t1Ms, () => this.#watch?.silent());
    if (this.#request.method === 'REGISTER') this.#arm(REGISTER_WAIT * t1Ms, 'timeout');
  }

  #receive(response: SipResponse): void {
    this.#hear(response.status);
    if (response.status >= 200) {
      this.#end('answered');
      this.#on.response(response);
      return;
    }
    if (this.#cancelling) this.cancel(this.#reasons);
    else if (response.status > 100) this.#armTimerC();
    if (response.status > 100) this.#on.response(response);
  }

  #hear(status: number): void {
    this.#isHeard = true;
    this.#forgetSilence();
    this.#watch?.answered(status);
  }

  /** Starts timer C (RFC 3261 §16.8). */
  #armTimerC(): void {
    if (this.#request.method !== 'INVITE') return;
    this.#arm(this.#layer.context.options.timerCSec * 1000, 'timeout');
  }

  #arm(delayMs: number, outcome: 'timeout' | 'cancelled'): void {
    this.#disarm();
    this.#timer = this.#schedule(delayMs, () => {
      this.#timer = undefined;
      if (this.#request.method === 'INVITE' && outcome === 'timeout' && this.#transaction?.state === 'proceeding') {
        this.cancel(RANG_TOO_LONG);
      } else this.#giveUp(outcome);
    });
  }

  #schedule(delayMs: number, run: () => void): TimerHandle {
    return this.#layer.context.timers.schedule(this.#layer.nowMs + delayMs, run);
  }

  #giveUp(outcome: 'timeout' | 'cancelled' | 'lost'): void {
    this.#fail(outcome);
    this.#transaction?.terminate();
  }

  #fail(cause: BranchFailure): void {
    if (this.#ended) return;
    this.#end(ENDINGS[cause]);
    this.#on.failed(cause);
  }

  #end(how: Parameters<RequestWatch['ended']>[0]): void {
    this.#ended = true;
    this.#disarm();
    this.#forgetSilence();
    this.#watch?.ended(how);
    this.#watch = undefined;
  }

  #disarm(): void {
    if (this.#timer) this.#layer.context.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  #forgetSilence(): void {
    if (this.#silence) this.#layer.context.timers.cancel(this.#silence);
    this.#silence = undefined;
  }
}

function ignore(): void {
  // Whatever becomes of the CANCEL, the outcome is told by the INVITE it was sent for.
}
