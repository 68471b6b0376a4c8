/** The longest wait in milliseconds that a timer of Node can be given: a signed 32-bit number. */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * One timeout for many deadlines. It may fire early, never twice for one deadline: who is woken says when to be woken next. It keeps no
 * process alive.
 */
export class DeadlineTimer {
  /** Called when a deadline may have passed. */
  onDue: () => void = () => undefined;
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #firesAtMs = Infinity;

  /** `nowMs`: monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * Arms the timer for a deadline in monotonic milliseconds. A later deadline leaves the timeout as it is: firing early costs less than moving
   * it each time.
   */
  arm(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined || deadlineMs >= this.#firesAtMs) return;
    clearTimeout(this.#timer);
    this.#firesAtMs = deadlineMs;
    const delayMs = Math.ceil(deadlineMs - this.#nowMs());
    this.#timer = setTimeout(
      () => {
        this.#firesAtMs = Infinity;
        this.onDue();
      },
      Math.min(Math.max(delayMs, 0), LONGEST_TIMEOUT_MS),
    ).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#firesAtMs = Infinity;
  }
}
