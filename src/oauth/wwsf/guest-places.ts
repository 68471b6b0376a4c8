import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';

/** Addresses that are told apart; past that the one that began a guest the longest ago is forgotten. */
const MAX_ADDRESSES = 10_000;

/** How many identities each address holds, so that one address does not hold the pool. An identity counts until the last token for it has ended. */
export class GuestPlaces {
  readonly #max: number;
  /** By address and private identity, the end by the monotonic clock. */
  readonly #ends = new BoundedMap<Map<string, number>>(MAX_ADDRESSES);
  readonly #addressOf = new Map<string, string>();

  /** `max`: identities of one address at a time. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Seconds until an address may have another identity; 0: it may. */
  waitSec(address: string, { monotonicMs }: Now): number {
    const ends = this.#ends.get(address);
    if (!ends) return 0;
    for (const [impi, endMs] of ends) if (endMs <= monotonicMs) ends.delete(impi);
    if (ends.size < this.#max) return 0;
    return Math.ceil((Math.min(...ends.values()) - monotonicMs) / 1000);
  }

  /** An address has an identity for another token, which ends at `endSec` (UNIX seconds). */
  take(impi: string, address: string, endSec: number, now: Now): void {
    const ends = this.#ends.get(address) ?? new Map<string, number>();
    ends.set(impi, endOf(endSec, now));
    this.#ends.set(address, ends);
    this.#addressOf.set(impi, address);
  }

  /** Another token was made for an identity, wherever its guest is by now. */
  extend(impi: string, endSec: number, now: Now): void {
    const ends = this.#ends.get(this.#addressOf.get(impi) ?? '');
    if (ends?.has(impi)) ends.set(impi, endOf(endSec, now));
  }
}

function endOf(endSec: number, { monotonicMs, unixMs }: Now): number {
  return monotonicMs + endSec * 1000 - unixMs;
}
