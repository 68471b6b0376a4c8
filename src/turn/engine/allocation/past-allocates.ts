import { AgeMap } from '../../../base/age-map.ts';

/** Milliseconds for which the network may still bring a duplicate (RFC 8489 §6.3.1). */
const REMEMBERED_MS = 40_000;
/** How many transactions are remembered. Beyond it the oldest is forgotten: a duplicate of it would cost its own user a port. */
const MAX_REMEMBERED = 4096;

/**
 * The Allocate transactions of allocations that are no longer on their 5-tuple. A late duplicate of one of them would make an allocation of which
 * its client knows nothing, and which holds the 5-tuple, a port and a share of the quota.
 */
export class PastAllocates {
  /** Until when each transaction is remembered, oldest first. */
  readonly #untilMs = new AgeMap<number>();

  get size(): number {
    return this.#untilMs.size;
  }

  /** Remembers a transaction. `transactionId` is in hexadecimal. */
  add(clientKey: string, transactionId: string, nowMs: number): void {
    this.#untilMs.set(keyOf(clientKey, transactionId), nowMs + REMEMBERED_MS);
    for (const { key, value } of this.#untilMs.entries()) {
      if (value > nowMs && this.#untilMs.size <= MAX_REMEMBERED) return;
      this.#untilMs.delete(key);
    }
  }

  has(clientKey: string, transactionId: string, nowMs: number): boolean {
    return (this.#untilMs.get(keyOf(clientKey, transactionId)) ?? -Infinity) > nowMs;
  }
}

function keyOf(clientKey: string, transactionId: string): string {
  return `${clientKey} ${transactionId}`;
}
