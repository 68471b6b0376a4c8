/** Allows `burst` at once and `perSec` in the long run. Holds two numbers, whatever the load. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #atMs: number;

  constructor(options: { readonly burst: number; readonly perSec: number; readonly nowMs: number }) {
    this.#burst = options.burst;
    this.#perMs = options.perSec / 1000;
    this.#tokens = options.burst;
    this.#atMs = options.nowMs;
  }

  /**
   * Takes `count` tokens and returns true; takes none and returns false when there are too few. Of more than the bucket can hold, it takes a
   * full bucket.
   */
  take(nowMs: number, count = 1): boolean {
    if (!this.has(nowMs, count)) return false;
    this.#tokens -= Math.min(count, this.#burst);
    return true;
  }

  /** Whether `take` would get `count` tokens now. */
  has(nowMs: number, count = 1): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs);
    return this.#tokens >= Math.min(count, this.#burst);
  }

  /** Whole seconds until there are `count` tokens, at least 1, as Retry-After tells them. */
  waitSec(count = 1): number {
    return Math.max(1, Math.ceil((Math.min(count, this.#burst) - this.#tokens) / this.#perMs / 1000));
  }
}
