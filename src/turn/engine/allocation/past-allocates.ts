import { AgeMap } from '../../../base/age-map.ts';

/** Milliseconds for which the network may still bring a duplicate (RFC 8489 §6.3.1). */
const REMEMBERED_MS = 40_000;
/** How many transactions are remembered. Beyond it the oldest is forgotten: a duplicate of it would cost its own user a port. */
const MAX_REMEMBERED = 4096;

interface PastAllocate {
  readonly clientKey: string;
  /** Monotonic milliseconds. */
  readonly untilMs: number;
}

/**
 * The Allocate transactions of allocations that are no longer on their 5-tuple. A late duplicate of one of them would make an allocation of which
 * its client knows nothing, and which holds the 5-tuple, a port and a share of the quota. Of two clients with one transaction ID the later one is
 * remembered.
 */
export class PastAllocates {
  /** Oldest first. */
  readonly #byTransaction = new AgeMap<PastAllocate>();

  get size(): number {
    return this.#byTransaction.size;
  }

  /** Remembers a transaction. `transaction` is `StunMessage.transaction`. */
  add(clientKey: string, transaction: string, nowMs: number): void {
    this.#byTransaction.set(transaction, { clientKey, untilMs: nowMs + REMEMBERED_MS });
    for (let { oldest } = this.#byTransaction; oldest; { oldest } = this.#byTransaction) {
      if (oldest.value.untilMs > nowMs && this.#byTransaction.size <= MAX_REMEMBERED) return;
      this.#byTransaction.delete(oldest.key);
    }
  }

  has(clientKey: string, transaction: string, nowMs: number): boolean {
    const past = this.#byTransaction.get(transaction);
    return past?.clientKey === clientKey && past.untilMs > nowMs;
  }
}
