import { AgeMap } from '../../../base/age-map.ts';
import {
  type BandwidthBucket,
  type BandwidthScope,
  type RelayBandwidth,
  type RelayDirection,
} from '../../contract/bandwidth.ts';

/** How many buckets without a relay are remembered of each scope until they are full again. */
const MAX_IDLE_BUCKETS = 10_000;

/**
 * Holds a second's worth. It may be overdrawn by one datagram, which what follows pays for: so the long run is exact, and no datagram is
 * too large ever to pass.
 */
class ByteBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #bytes: number;
  #atMs = -Infinity;

  constructor(bytesPerSec: number) {
    this.#perMs = bytesPerSec / 1000;
    this.#burst = bytesPerSec;
    this.#bytes = bytesPerSec;
  }

  hasRoom(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#bytes > 0;
  }

  take(bytes: number): void {
    this.#bytes -= bytes;
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#bytes >= this.#burst;
  }

  /** A clock that goes back gives nothing, and takes nothing. */
  #refill(nowMs: number): void {
    if (nowMs <= this.#atMs) return;
    this.#bytes = Math.min(this.#burst, this.#bytes + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}

interface Pair {
  readonly 'to-peer': ByteBucket;
  readonly 'to-client': ByteBucket;
  relays: number;
}

/** The buckets of one scope, by name. */
class BucketTable {
  readonly #held = new Map<string, Pair>();
  /** Kept until they are full, so that a user who allocates anew does not begin with a full one each time. */
  readonly #idle = new AgeMap<Pair>();

  get size(): number {
    return this.#held.size + this.#idle.size;
  }

  take({ name, bytesPerSec }: BandwidthBucket): Pair {
    const pair = this.#held.get(name) ?? this.#idle.get(name) ?? pairOf(bytesPerSec);
    this.#idle.delete(name);
    this.#held.set(name, pair);
    pair.relays += 1;
    return pair;
  }

  giveBack({ name }: BandwidthBucket, nowMs: number): void {
    const pair = this.#held.get(name);
    if (!pair) return;
    pair.relays -= 1;
    if (pair.relays > 0) return;
    this.#held.delete(name);
    this.#idle.set(name, pair);
    for (const { key, value } of this.#idle.entries()) {
      if (this.#idle.size <= MAX_IDLE_BUCKETS && !isFull(value, nowMs)) return;
      this.#idle.delete(key);
    }
  }
}

/** The limits of one relay, asked about each datagram of it. */
export class RelayBuckets {
  readonly bandwidth: RelayBandwidth;
  readonly #allocation: Pair | undefined;
  readonly #user: Pair | undefined;
  readonly #total: Pair | undefined;

  constructor(bandwidth: RelayBandwidth, pairs: Readonly<Record<BandwidthScope, Pair | undefined>>) {
    this.bandwidth = bandwidth;
    this.#allocation = pairs.allocation;
    this.#user = pairs.user;
    this.#total = pairs.total;
  }

  /** Counts the datagram, or tells the limit that it is too much for; it is then dropped and counts for none. Allocates nothing. */
  exceededBy(direction: RelayDirection, bytes: number, nowMs: number): BandwidthScope | undefined {
    const allocation = this.#allocation?.[direction];
    const user = this.#user?.[direction];
    const total = this.#total?.[direction];
    if (allocation?.hasRoom(nowMs) === false) return 'allocation';
    if (user?.hasRoom(nowMs) === false) return 'user';
    if (total?.hasRoom(nowMs) === false) return 'total';
    allocation?.take(bytes);
    user?.take(bytes);
    total?.take(bytes);
    return undefined;
  }
}

/** The buckets that relays share: of each allocation, of each user over all of its allocations, and of all. */
export class Bandwidths {
  readonly #tables = { allocation: new BucketTable(), user: new BucketTable(), total: new BucketTable() } as const;

  /** Takes the buckets of a relay. */
  open(bandwidth: RelayBandwidth): RelayBuckets {
    const { allocation, user, total } = bandwidth;
    return new RelayBuckets(bandwidth, {
      allocation: allocation && this.#tables.allocation.take(allocation),
      user: user && this.#tables.user.take(user),
      total: total && this.#tables.total.take(total),
    });
  }

  /** Gives back the buckets of a relay that has ended. */
  close({ bandwidth: { allocation, user, total } }: RelayBuckets, nowMs: number): void {
    if (allocation) this.#tables.allocation.giveBack(allocation, nowMs);
    if (user) this.#tables.user.giveBack(user, nowMs);
    if (total) this.#tables.total.giveBack(total, nowMs);
  }

  /** How many users are remembered. */
  get users(): number {
    return this.#tables.user.size;
  }
}

function pairOf(bytesPerSec: number): Pair {
  return { 'to-peer': new ByteBucket(bytesPerSec), 'to-client': new ByteBucket(bytesPerSec), relays: 0 };
}

function isFull(pair: Pair, nowMs: number): boolean {
  return pair['to-peer'].isFull(nowMs) && pair['to-client'].isFull(nowMs);
}
