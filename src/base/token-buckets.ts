import { type AgeEntry, AgeMap } from './age-map.ts';
import { TokenBucket } from './token-bucket.ts';

export interface TokenBucketsOptions {
  readonly burst: number;
  readonly perSec: number;
  /** How many buckets are kept. Beyond it the bucket that was unused longest is forgotten. */
  readonly maxKeys: number;
}

/** Takes `count` tokens, 1 by default, and returns 0, or returns the whole seconds until there are as many. */
export type Allowance = (nowMs: number, count?: number) => number;

class Used extends TokenBucket {
  usedAtMs: number;

  constructor({ burst, perSec }: TokenBucketsOptions, nowMs: number) {
    super({ burst, perSec, nowMs });
    this.usedAtMs = nowMs;
  }
}

/** A token bucket for each key. One that would be full again is forgotten when another comes, so that only what was used lately takes room. */
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
    return takeOf(this.#usedNow(key, nowMs).value, nowMs, count);
  }

  /** For who takes of one key over and over: `take` without looking for the key each time. */
  allowanceOf(key: string): Allowance {
    let entry: AgeEntry<Used> | undefined;
    return (nowMs, count = 1) => {
      if (!entry || !this.#entries.renew(entry)) {
        entry = this.#usedNow(key, nowMs);
      }
      return takeOf(entry.value, nowMs, count);
    };
  }

  /** Whether `take` would get a token of a key now. Makes no bucket. */
  has(key: string, nowMs: number): boolean {
    return this.#entries.get(key)?.has(nowMs) ?? true;
  }

  /** The bucket of a key as the one that was used last, a full one if there was none. */
  #usedNow(key: string, nowMs: number): AgeEntry<Used> {
    const known = this.#entries.place(key);
    if (known) {
      known.value.usedAtMs = nowMs;
      this.#entries.renew(known);
    }
    const entry = known ?? this.#entries.set(key, new Used(this.#options, nowMs));
    for (let oldest = this.#entries.oldest; oldest; oldest = this.#entries.oldest) {
      if (this.#entries.size <= this.#options.maxKeys && nowMs - oldest.value.usedAtMs < this.#refillMs) break;
      this.#entries.delete(oldest.key);
    }
    return entry;
  }
}

function takeOf(used: Used, nowMs: number, count: number): number {
  used.usedAtMs = nowMs;
  return used.take(nowMs, count) ? 0 : used.waitSec(count);
}
