import { AgeMap } from './age-map.ts';
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
  /** By last use. */
  readonly #entries = new AgeMap<{ readonly bucket: TokenBucket; readonly usedAtMs: number }>();

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
    this.#refillMs = (options.burst / options.perSec) * 1000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whole seconds to wait for `count` tokens, or 0 when they were taken. */
  take(key: string, nowMs: number, count = 1): number {
    const { burst, perSec } = this.#options;
    const bucket = this.#entries.get(key)?.bucket ?? new TokenBucket({ burst, perSec, nowMs });
    this.#entries.set(key, { bucket, usedAtMs: nowMs });
    this.#makeRoom(nowMs);
    return bucket.take(nowMs, count) ? 0 : bucket.waitSec(count);
  }

  /** Whether `take` would get one. Keeps nothing. */
  has(key: string, nowMs: number): boolean {
    return this.#entries.get(key)?.bucket.has(nowMs) ?? true;
  }

  #makeRoom(nowMs: number): void {
    for (let oldest = this.#entries.oldest; oldest; oldest = this.#entries.oldest) {
      if (this.#entries.size <= this.#options.maxKeys && nowMs - oldest.value.usedAtMs < this.#refillMs) return;
      this.#entries.delete(oldest.key);
    }
  }
}
