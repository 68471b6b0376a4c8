import { AgeMap } from '../../../base/age-map.ts';
import { type BandwidthBucket, type BandwidthScope, type RelayBandwidth } from '../../contract/bandwidth.ts';
import { type Numbers } from './numbers.ts';
import { SCOPES } from './relay-buckets.ts';
import { NO_BUCKET, type SharedBuckets } from './shared-buckets.ts';

/** How many buckets without a relay are remembered of each scope until they are full again. */
const MAX_IDLE = 10_000;

/** Room for the buckets of so many relays, and for those that are remembered. */
export function bucketCount(relaySlots: number): number {
  return 2 * relaySlots + 3 * MAX_IDLE;
}

interface Held {
  readonly bucket: number;
  relays: number;
}

interface Scope {
  readonly held: Map<string, Held>;
  /** Kept until they are full, so that a user who allocates anew does not begin with a full one each time. */
  readonly idle: AgeMap<Held>;
}

/** The buckets by their names: which number each has, and how many relays share it. */
export class BucketNames {
  readonly #buckets: SharedBuckets;
  readonly #numbers: Numbers;
  readonly #scopes: Readonly<Record<BandwidthScope, Scope>> = { allocation: scope(), user: scope(), total: scope() };

  constructor(buckets: SharedBuckets, numbers: Numbers) {
    this.#buckets = buckets;
    this.#numbers = numbers;
  }

  /** Takes the buckets of a relay: their numbers by `SCOPES`. */
  open(bandwidth: RelayBandwidth): Int32Array {
    return Int32Array.from(SCOPES, (name) => {
      const wish = bandwidth[name];
      return wish ? this.#take(this.#scopes[name], wish) : NO_BUCKET;
    });
  }

  /** Gives back the buckets of a relay that has ended. */
  close(bandwidth: RelayBandwidth, nowMs: number): void {
    for (const name of SCOPES) {
      const wish = bandwidth[name];
      if (wish) this.#giveBack(this.#scopes[name], wish.name, nowMs);
    }
  }

  #take({ held, idle }: Scope, { name, bytesPerSec }: BandwidthBucket): number {
    const known = held.get(name) ?? idle.get(name) ?? this.#make(bytesPerSec);
    if (!known) return NO_BUCKET;
    idle.delete(name);
    held.set(name, known);
    known.relays += 1;
    return known.bucket;
  }

  #make(bytesPerSec: number): Held | undefined {
    const bucket = this.#numbers.take();
    if (bucket === undefined) return undefined;
    this.#buckets.open(bucket, bytesPerSec);
    return { bucket, relays: 0 };
  }

  #giveBack({ held, idle }: Scope, name: string, nowMs: number): void {
    const known = held.get(name);
    if (!known) return;
    known.relays -= 1;
    if (known.relays > 0) return;
    held.delete(name);
    idle.set(name, known);
    for (const { key, value } of idle.entries()) {
      if (idle.size <= MAX_IDLE && !this.#buckets.isFull(value.bucket, nowMs)) return;
      idle.delete(key);
      this.#numbers.retire(value.bucket, () => undefined);
    }
  }
}

function scope(): Scope {
  return { held: new Map(), idle: new AgeMap() };
}
