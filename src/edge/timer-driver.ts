import { type Clock } from '../core/clock.ts';
import { TimerQueue, type TimerHandle } from '../core/timer-queue.ts';

/** setTimeout holds a signed 32-bit number of milliseconds. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/**
 * The edge's timer queue, armed by one timeout of the event loop: whoever schedules an earlier deadline moves the timeout, so
 * that no caller has to remember to.
 */
export class TimerDriver extends TimerQueue {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #timeout: NodeJS.Timeout | undefined;
  #armedForMs = Infinity;

  /** `onError` hears of an entry that threw; the others still run. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    super();
    this.#clock = clock;
    this.#onError = onError;
  }

  override schedule(dueMs: number, run: () => void): TimerHandle {
    const handle = super.schedule(dueMs, run);
    if (dueMs < this.#armedForMs) this.#arm(dueMs);
    return handle;
  }

  override reschedule(handle: TimerHandle, dueMs: number): void {
    super.reschedule(handle, dueMs);
    const next = this.nextMs;
    if (next !== undefined && next < this.#armedForMs) this.#arm(next);
  }

  override clear(): void {
    super.clear();
    clearTimeout(this.#timeout);
    this.#armedForMs = Infinity;
  }

  #arm(dueMs: number): void {
    clearTimeout(this.#timeout);
    this.#armedForMs = dueMs;
    const waitMs = Math.min(Math.max(0, Math.ceil(dueMs - this.#clock.now().monotonicMs)), MAX_TIMEOUT_MS);
    this.#timeout = setTimeout(() => {
      this.#fire();
    }, waitMs);
    this.#timeout.unref();
  }

  #fire(): void {
    this.#armedForMs = Infinity;
    try {
      this.runDue(this.#clock.now().monotonicMs);
    } catch (error) {
      this.#onError(error);
    }
    const next = this.nextMs;
    if (next !== undefined && next < this.#armedForMs) this.#arm(next);
  }
}
