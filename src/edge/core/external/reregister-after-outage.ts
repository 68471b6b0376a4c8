import { type Clock } from '../../../base/clock.ts';
import { type Logger } from '../../../base/logger.ts';
import { type TimerHandle, type TimerQueue } from '../../../base/timer-queue.ts';
import { type TypedEvents } from '../../../base/typed-events.ts';
import { type EdgeEvents } from '../../edge-events.ts';
import { type EdgeDrainOptions, type ExternalCoreOptions } from '../../edge-options.ts';
import { type CoreSnapshot } from '../core-side.ts';

export interface ReregistrationContext {
  readonly options: Pick<ExternalCoreOptions, 'reregisterWindowSec'>;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly logger: Logger;
  readonly events: TypedEvents<EdgeEvents>;
  /** The state of each address of the core. */
  readonly cores: () => readonly CoreSnapshot[];
  /** Sends away, one after the other, the clients that have not registered since a time (monotonic milliseconds). */
  readonly sendAway: (sinceMs: number, options: EdgeDrainOptions) => { abort(): void };
}

/** How long after its turn a client that waits for an answer, or owes one, is waited for. */
const TRANSACTION_MS = 10_000;
/** Milliseconds from the end of one round to the next at first. They double, up to an hour, when the core fails again soon. */
const FIRST_HOLD_MS = 10_000;
const MAX_HOLD_MS = 3_600_000;

/**
 * Has clients register again after an outage of the core. One that keeps its bindings in memory has lost them and reaches nobody until the
 * clients refresh, half of their time later; a client whose refresh has failed meanwhile may never come again by itself, as JsSIP does not. So
 * all are sent away over a window of time, and come back to a core that is there. TS 23.380 §4.4.3 restores registrations likewise, by new
 * ones, for which it has a body in a 504; that a WebSocket is closed for it is this edge's way, since WICs read no such body.
 *
 * An address that comes back while another has been there all along changes nothing: what stands for the same core knows the same bindings.
 */
export class ReregisterAfterOutage {
  readonly #context: ReregistrationContext;
  readonly #windowMs: number;
  readonly #stopListening: readonly (() => void)[];
  #isOut = false;
  #round: { abort(): void } | undefined;
  #timer: TimerHandle | undefined;
  #holdMs = 0;
  #heldUntilMs = -Infinity;

  constructor(context: ReregistrationContext) {
    const { events, options } = context;
    this.#context = context;
    this.#windowMs = options.reregisterWindowSec * 1000;
    this.#stopListening = [
      events.on('core-down', () => {
        this.#onDown();
      }),
      events.on('core-up', ({ core }) => {
        this.#onUp(core);
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stopListening) stop();
    this.#callOff();
  }

  #onDown(): void {
    if (this.#configured().some(({ state }) => state === 'up')) return;
    this.#isOut = true;
    // Who is sent away now would find nobody to register with.
    this.#callOff();
  }

  #onUp(core: string): void {
    const configured = this.#configured();
    if (!this.#isOut || !configured.some((one) => one.core === core)) return;
    this.#isOut = false;
    // Another one was only suspected, and has answered.
    if (configured.some((one) => one.core !== core && one.state === 'up')) return;
    const sinceMs = this.#nowMs;
    this.#timer = this.#context.timers.schedule(Math.max(sinceMs, this.#heldUntilMs), () => {
      this.#timer = undefined;
      this.#begin(sinceMs);
    });
  }

  #begin(sinceMs: number): void {
    const { logger, sendAway } = this.#context;
    // A core that goes down because of those who come back is not to be asked for more of the same at once, and again.
    const wasQuiet = this.#nowMs > this.#heldUntilMs + this.#holdMs;
    this.#holdMs = wasQuiet ? FIRST_HOLD_MS : Math.min(2 * this.#holdMs, MAX_HOLD_MS);
    this.#heldUntilMs = this.#nowMs + this.#windowMs + this.#holdMs;
    logger.info({ windowMs: this.#windowMs }, 'core back after an outage: sending clients to register again');
    this.#round = sendAway(sinceMs, {
      noticeMs: 0,
      windowMs: this.#windowMs,
      transactionMs: TRANSACTION_MS,
      callMs: 0,
    });
  }

  /** The configured addresses, where clients register. Other addresses, which a Route leads to, do not count. */
  #configured(): CoreSnapshot[] {
    return this.#context.cores().filter(({ configured }) => configured);
  }

  #callOff(): void {
    if (this.#timer) this.#context.timers.cancel(this.#timer);
    this.#timer = undefined;
    this.#round?.abort();
    this.#round = undefined;
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
