import { AgeMap } from './age-map.ts';
import { TokenBucket } from './token-bucket.ts';

export interface TokenBucketsOptions {
  readonly burst: number;
  readonly perSec: number;
  /** How many buckets are kept. Beyond it the bucket that was unused longest is forgotten. */
  readonly maxKeys: number;
}

interface Used {
  readonly bucket: TokenBucket;
  usedAtMs: number;
}

/** A token bucket for each key. One that would be full again is forgotten, so that only what was used lately takes room. */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #refillMs: number;
  /** The buckets in the order of their last use. */
  readonly #entries = new AgeMap<Used>();

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
    this.#refillMs = (options.burst / options.perSec) * 1000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes `count` tokens of a key and returns 0, or returns the whole seconds until there are as many. */
  take(key: string, nowMs: number, count = 1): number {
    const { burst, perSec } = this.#options;
    const used = this.#entries.get(key) ?? { bucket: new TokenBucket({ burst, perSec, nowMs }), usedAtMs: nowMs };
    used.usedAtMs = nowMs;
    this.#entries.set(key, used);
    this.#makeRoom(nowMs);
    return used.bucket.take(nowMs, count) ? 0 : used.bucket.waitSec(count);
  }

  /** Whether `take` would get a token of a key now. Makes no bucket. */
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
