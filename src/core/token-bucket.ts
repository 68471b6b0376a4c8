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

  take(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whole seconds until the next token, at least 1. For Retry-After. */
  get waitSec(): number {
    return Math.max(1, Math.ceil((1 - this.#tokens) / this.#perMs / 1000));
  }
}
