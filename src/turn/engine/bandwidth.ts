import { AgeMap } from '../../base/age-map.ts';
import { type BandwidthScope, type RelayBandwidth, type RelayDirection } from '../contract/bandwidth.ts';

export interface BandwidthOptions {
  /** Bytes a second in each direction, of what peers send and are sent; 0 sets no limit. */
  readonly allocationBytesPerSec: number;
  readonly userBytesPerSec: number;
  readonly totalBytesPerSec: number;
}

/** How many users without an allocation are remembered until their buckets are full again. */
const MAX_IDLE_USERS = 10_000;

const OFF: BandwidthOptions = { allocationBytesPerSec: 0, userBytesPerSec: 0, totalBytesPerSec: 0 };

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
}

interface UserPair {
  readonly pair: Pair;
  allocations: number;
}

class Chain implements RelayBandwidth {
  readonly #allocation: Pair | undefined;
  readonly #user: Pair | undefined;
  readonly #total: Pair | undefined;

  constructor(allocation: Pair | undefined, user: Pair | undefined, total: Pair | undefined) {
    this.#allocation = allocation;
    this.#user = user;
    this.#total = total;
  }

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

/** The bandwidth of each allocation, of each user over all that it has, and of all. Nothing is made of what is not limited. */
export class Bandwidths {
  readonly #options: BandwidthOptions;
  readonly #total: Pair | undefined;
  readonly #users = new Map<string, UserPair>();
  /** Kept until they are full, so that a user who allocates anew does not begin with a full one each time. */
  readonly #idle = new AgeMap<UserPair>();

  constructor(options: BandwidthOptions = OFF) {
    this.#options = options;
    this.#total = pairOf(options.totalBytesPerSec);
  }

  /** Makes the limits of a new allocation; `undefined` when nothing limits it. */
  open(user: string): RelayBandwidth | undefined {
    const { allocationBytesPerSec, userBytesPerSec, totalBytesPerSec } = this.#options;
    if (allocationBytesPerSec + userBytesPerSec + totalBytesPerSec === 0) return undefined;
    return new Chain(pairOf(allocationBytesPerSec), this.#join(user), this.#total);
  }

  /** Gives back the limits of an allocation that has ended. */
  close(user: string, nowMs: number): void {
    const held = this.#users.get(user);
    if (!held) return;
    held.allocations -= 1;
    if (held.allocations > 0) return;
    this.#users.delete(user);
    this.#idle.set(user, held);
    for (const { key, value } of this.#idle.entries()) {
      if (this.#idle.size <= MAX_IDLE_USERS && !isFull(value.pair, nowMs)) return;
      this.#idle.delete(key);
    }
  }

  /** How many users are remembered. */
  get users(): number {
    return this.#users.size + this.#idle.size;
  }

  #join(user: string): Pair | undefined {
    const pair = (this.#users.get(user) ?? this.#idle.get(user))?.pair ?? pairOf(this.#options.userBytesPerSec);
    if (!pair) return undefined;
    this.#idle.delete(user);
    const held = this.#users.get(user) ?? { pair, allocations: 0 };
    held.allocations += 1;
    this.#users.set(user, held);
    return pair;
  }
}

function pairOf(bytesPerSec: number): Pair | undefined {
  if (bytesPerSec === 0) return undefined;
  return { 'to-peer': new ByteBucket(bytesPerSec), 'to-client': new ByteBucket(bytesPerSec) };
}

function isFull(pair: Pair, nowMs: number): boolean {
  return pair['to-peer'].isFull(nowMs) && pair['to-client'].isFull(nowMs);
}
