import { type BandwidthScope, type RelayDirection } from '../../contract/bandwidth.ts';
import { Drop, type DropIndex } from '../shared/drop-counters.ts';
import { grownInts } from './grown.ts';
import { NO_BUCKET, type SharedBuckets } from './shared-buckets.ts';

/** The scopes of limits, in the order in which they stand for a relay. */
export const SCOPES = ['allocation', 'user', 'total'] as const satisfies readonly BandwidthScope[];
const DROPS = [Drop.BandwidthOfAllocation, Drop.BandwidthOfUser, Drop.BandwidthOfAll] as const;
const FIRST_RELAYS = 64;

/** Which buckets hold which relay, as one thread knows it. */
export class RelayBuckets {
  readonly #buckets: SharedBuckets;
  #numbers = new Int32Array(FIRST_RELAYS * SCOPES.length).fill(NO_BUCKET);
  #isUsed = false;

  constructor(buckets: SharedBuckets) {
    this.#buckets = buckets;
  }

  /** `numbers`: a bucket of each scope, or `NO_BUCKET`. */
  set(relay: number, numbers: Int32Array): void {
    this.#isUsed = true;
    this.#numbers = grownInts(this.#numbers, (relay + 1) * SCOPES.length, NO_BUCKET);
    this.#numbers.set(numbers, relay * SCOPES.length);
  }

  clear(relay: number): void {
    if (this.#isUsed) this.#numbers.fill(NO_BUCKET, relay * SCOPES.length, (relay + 1) * SCOPES.length);
  }

  /** Counts a datagram, or tells why it is dropped; it counts for no limit then. */
  exceededBy(relay: number, direction: RelayDirection, bytes: number, nowMs: number): DropIndex | undefined {
    if (!this.#isUsed) return undefined;
    const at = relay * SCOPES.length;
    for (let i = 0; i < SCOPES.length; i++) {
      if (!this.#buckets.hasRoom(this.#numbers[at + i] ?? NO_BUCKET, direction, nowMs)) return DROPS[i];
    }
    for (let i = 0; i < SCOPES.length; i++) this.#buckets.take(this.#numbers[at + i] ?? NO_BUCKET, direction, bytes);
    return undefined;
  }
}
