import { type Clock, type Now } from '../core/clock.ts';

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The one timeout of an engine. It may fire early, never twice for one deadline: who is woken early says when to be woken next. */
export class DeadlineTimer {
  /** Called when a deadline may have passed. */
  onDue: (now: Now) => void = () => undefined;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #firesAtMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic milliseconds. A later deadline leaves the timeout as it is: firing early costs less than moving it each time. */
  arm(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined || deadlineMs >= this.#firesAtMs) return;
    clearTimeout(this.#timer);
    this.#firesAtMs = deadlineMs;
    const delayMs = Math.ceil(deadlineMs - this.#clock.now().monotonicMs);
    this.#timer = setTimeout(
      () => {
        this.#firesAtMs = Infinity;
        this.onDue(this.#clock.now());
      },
      Math.min(Math.max(delayMs, 0), LONGEST_TIMEOUT_MS),
    );
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#firesAtMs = Infinity;
  }
}
