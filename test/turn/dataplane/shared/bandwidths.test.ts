import { describe, expect, it } from 'vitest';
import { type RelayBandwidth } from '../../../../src/turn/contract/bandwidth.ts';
import { Bandwidths, type RelayBuckets } from '../../../../src/turn/dataplane/shared/bandwidths.ts';

interface Rates {
  readonly allocation?: number;
  readonly user?: number;
  readonly total?: number;
}

let allocations = 0;

/** The limits of the relay of a new allocation. */
function limits(user: string, rates: Rates): RelayBandwidth {
  const name = `allocation ${allocations++}`;
  return {
    ...(rates.allocation !== undefined && { allocation: { name, bytesPerSec: rates.allocation } }),
    ...(rates.user !== undefined && { user: { name: user, bytesPerSec: rates.user } }),
    ...(rates.total !== undefined && { total: { name: '', bytesPerSec: rates.total } }),
  };
}

/** Bytes that pass of datagrams of `size` sent every 10 ms. */
function passed(bandwidth: RelayBuckets, size: number, fromMs: number, toMs: number): number {
  let bytes = 0;
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) {
    if (bandwidth.exceededBy('to-peer', size, nowMs) === undefined) bytes += size;
  }
  return bytes;
}

describe('a bandwidth', () => {
  it('passes a second’s worth at once, and its rate in the long run', () => {
    const bandwidth = new Bandwidths().open(limits('alice', { allocation: 10_000 }));
    // 100,000 bytes a second are offered.
    const first = passed(bandwidth, 1000, 0, 1000);
    expect(first).toBeGreaterThanOrEqual(19_000);
    expect(first).toBeLessThanOrEqual(21_000);
    const later = passed(bandwidth, 1000, 1000, 11_000);
    expect(later).toBeGreaterThanOrEqual(98_000);
    expect(later).toBeLessThanOrEqual(101_000);
  });

  it('passes a datagram larger than its rate now and then, not never, and makes it pay', () => {
    const bandwidth = new Bandwidths().open(limits('alice', { allocation: 1000 }));
    const bytes = passed(bandwidth, 60_000, 0, 600_000);
    expect(bytes).toBeGreaterThanOrEqual(600_000);
    expect(bytes).toBeLessThanOrEqual(661_000);
  });

  it('is of each direction by itself', () => {
    const bandwidth = new Bandwidths().open(limits('alice', { allocation: 100 }));
    expect(bandwidth.exceededBy('to-peer', 100, 0)).toBeUndefined();
    expect(bandwidth.exceededBy('to-peer', 100, 0)).toBe('allocation');
    expect(bandwidth.exceededBy('to-client', 100, 0)).toBeUndefined();
  });

  it('is shared by the allocations of a user, and by all, and names what was exceeded', () => {
    const bandwidths = new Bandwidths();
    const rates = { allocation: 100, user: 150, total: 200 };
    const [one, two] = [bandwidths.open(limits('alice', rates)), bandwidths.open(limits('alice', rates))];
    const other = bandwidths.open(limits('bob', rates));
    expect(one.exceededBy('to-peer', 100, 0)).toBeUndefined();
    expect(one.exceededBy('to-peer', 1, 0)).toBe('allocation');
    expect(two.exceededBy('to-peer', 50, 0)).toBeUndefined();
    expect(two.exceededBy('to-peer', 1, 0)).toBe('user');
    expect(other.exceededBy('to-peer', 50, 0)).toBeUndefined();
    expect(other.exceededBy('to-peer', 1, 0)).toBe('total');
  });

  it('takes nothing from a wider one for what a narrower one refuses', () => {
    const bandwidths = new Bandwidths();
    const rates = { allocation: 100, total: 200 };
    const greedy = bandwidths.open(limits('alice', rates));
    for (let i = 0; i < 50; i++) greedy.exceededBy('to-peer', 100, 0);
    expect(bandwidths.open(limits('bob', rates)).exceededBy('to-peer', 100, 0)).toBeUndefined();
  });

  it('neither fills up nor blocks when the clock jumps back', () => {
    const bandwidth = new Bandwidths().open(limits('alice', { allocation: 100 }));
    expect(bandwidth.exceededBy('to-peer', 100, 50_000)).toBeUndefined();
    expect(bandwidth.exceededBy('to-peer', 1, 10)).toBe('allocation');
    expect(bandwidth.exceededBy('to-peer', 1, 50_100)).toBeUndefined();
  });

  it('of a user is not full again by allocating anew, and is forgotten once it is', () => {
    const bandwidths = new Bandwidths();
    const first = bandwidths.open(limits('alice', { user: 100 }));
    expect(first.exceededBy('to-peer', 100, 0)).toBeUndefined();
    bandwidths.close(first, 0);
    const second = bandwidths.open(limits('alice', { user: 100 }));
    expect(second.exceededBy('to-peer', 100, 0)).toBe('user');
    bandwidths.close(second, 0);
    expect(bandwidths.users).toBe(1);
    bandwidths.close(bandwidths.open(limits('bob', { user: 100 })), 1000);
    expect(bandwidths.users).toBe(0);
  });

  it('of users who come and go is kept of so many and no more', () => {
    const bandwidths = new Bandwidths();
    for (let i = 0; i < 30_000; i++) {
      const relay = bandwidths.open(limits(`user ${i}`, { user: 100 }));
      relay.exceededBy('to-peer', 60_000, 0);
      bandwidths.close(relay, 0);
    }
    expect(bandwidths.users).toBe(10_000);
  });
});
