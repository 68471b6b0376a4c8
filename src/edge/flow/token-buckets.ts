import { TokenBucket } from './token-bucket.ts';

export interface TokenBucketsOptions {
  readonly burst: number;
  readonly perSec: number;
  /** Buckets kept at most; past it the longest unused is forgotten. */
  readonly maxKeys: number;
}

/** A token bucket for each key. One that would be full again is forgotten, so that only what was used lately takes room. */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #refillMs: number;
  /** Longest unused first. */
  readonly #entries = new Map<string, { readonly bucket: TokenBucket; usedAtMs: number }>();

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
    this.#refillMs = (options.burst / options.perSec) * 1000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whole seconds to wait for a token, or 0 when one was taken. */
  take(key: string, nowMs: number): number {
    const { burst, perSec } = this.#options;
    const bucket = this.#entries.get(key)?.bucket ?? new TokenBucket({ burst, perSec, nowMs });
    this.#entries.delete(key);
    this.#makeRoom(nowMs);
    this.#entries.set(key, { bucket, usedAtMs: nowMs });
    return bucket.take(nowMs) ? 0 : bucket.waitSec;
  }

  #makeRoom(nowMs: number): void {
    for (const [key, { usedAtMs }] of this.#entries) {
      if (this.#entries.size < this.#options.maxKeys && nowMs - usedAtMs < this.#refillMs) return;
      this.#entries.delete(key);
    }
  }
}
