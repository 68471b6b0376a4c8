import { AgeMap } from '../../base/age-map.ts';

/** How far behind the highest count a request may come and still be new; over one flow they arrive in order. */
const WINDOW = 32;

interface Entry {
  readonly issuedAtMs: number;
  highest: number;
  /** Bit n stands for `highest - n`. */
  seen: number;
}

/**
 * Replay protection of RFC 7616 §5.10: each nonce count is accepted once. Entries are made by successful authentication only, and at most
 * `capacity` are kept: what is forgotten early takes every nonce of its age with it, so that forgetting never makes a replay possible.
 */
export class NonceCounts {
  readonly #capacity: number;
  readonly #lifetimeMs: number;
  readonly #entries = new AgeMap<Entry>();
  #forgottenUpToMs = -Infinity;

  constructor(options: { readonly capacity: number; readonly lifetimeSec: number }) {
    this.#capacity = options.capacity;
    this.#lifetimeMs = options.lifetimeSec * 1000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes a nonce count. Returns false when it was used before, or when that is no longer known. */
  accept(nonce: string, issuedAtMs: number, count: number, nowMs: number): boolean {
    const entry = this.#entries.get(nonce);
    if (entry) return advance(entry, count);
    if (issuedAtMs <= this.#forgottenUpToMs) return false;
    this.#makeRoom(nowMs);
    this.#entries.set(nonce, { issuedAtMs, highest: count, seen: 1 });
    return true;
  }

  #makeRoom(nowMs: number): void {
    for (let oldest = this.#entries.oldest; oldest; oldest = this.#entries.oldest) {
      const { issuedAtMs } = oldest.value;
      const expired = nowMs - issuedAtMs >= this.#lifetimeMs;
      if (!expired && this.#entries.size < this.#capacity) return;
      this.#entries.delete(oldest.key);
      if (!expired) this.#forgottenUpToMs = Math.max(this.#forgottenUpToMs, issuedAtMs);
    }
  }
}

function advance(entry: Entry, count: number): boolean {
  const ahead = count - entry.highest;
  if (ahead > 0) {
    entry.seen = ahead >= WINDOW ? 1 : (entry.seen << ahead) | 1;
    entry.highest = count;
    return true;
  }
  if (-ahead >= WINDOW) return false;
  const bit = 1 << -ahead;
  if ((entry.seen & bit) !== 0) return false;
  entry.seen |= bit;
  return true;
}
