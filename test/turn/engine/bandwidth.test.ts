import { describe, expect, it } from 'vitest';
import { type RelayBandwidth } from '../../../src/turn/contract/bandwidth.ts';
import { Bandwidths, type BandwidthOptions } from '../../../src/turn/engine/bandwidth.ts';
import { additionalAddressFamily } from '../../../src/stun/attributes/rfc8656.ts';
import { World } from './world.ts';

const NONE: BandwidthOptions = { allocationBytesPerSec: 0, userBytesPerSec: 0, totalBytesPerSec: 0 };

/** Bytes that pass of datagrams of `size` sent every 10 ms. */
function passed(bandwidth: RelayBandwidth, size: number, fromMs: number, toMs: number): number {
  let bytes = 0;
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) {
    if (bandwidth.exceededBy('to-peer', size, nowMs) === undefined) bytes += size;
  }
  return bytes;
}

describe('a bandwidth', () => {
  it('is nothing at all where no limit is set', () => {
    const world = new World({ bandwidth: NONE });
    const client = world.client().as('alice');
    client.allocate();
    expect(client.relay.bandwidth).toBeUndefined();
  });

  it('passes a second’s worth at once, and its rate in the long run', () => {
    const bandwidth = new Bandwidths({ ...NONE, allocationBytesPerSec: 10_000 }).open('alice')!;
    // 100,000 bytes a second are offered.
    const first = passed(bandwidth, 1000, 0, 1000);
    expect(first).toBeGreaterThanOrEqual(19_000);
    expect(first).toBeLessThanOrEqual(21_000);
    const later = passed(bandwidth, 1000, 1000, 11_000);
    expect(later).toBeGreaterThanOrEqual(98_000);
    expect(later).toBeLessThanOrEqual(101_000);
  });

  it('passes a datagram larger than its rate now and then, not never, and makes it pay', () => {
    const bandwidth = new Bandwidths({ ...NONE, allocationBytesPerSec: 1000 }).open('alice')!;
    const bytes = passed(bandwidth, 60_000, 0, 600_000);
    expect(bytes).toBeGreaterThanOrEqual(600_000);
    expect(bytes).toBeLessThanOrEqual(661_000);
  });

  it('is of each direction by itself', () => {
    const bandwidth = new Bandwidths({ ...NONE, allocationBytesPerSec: 100 }).open('alice')!;
    expect(bandwidth.exceededBy('to-peer', 100, 0)).toBeUndefined();
    expect(bandwidth.exceededBy('to-peer', 100, 0)).toBe('allocation');
    expect(bandwidth.exceededBy('to-client', 100, 0)).toBeUndefined();
  });

  it('is shared by the allocations of a user, and by all, and names what was exceeded', () => {
    const bandwidths = new Bandwidths({ allocationBytesPerSec: 100, userBytesPerSec: 150, totalBytesPerSec: 200 });
    const [one, two, other] = [bandwidths.open('alice')!, bandwidths.open('alice')!, bandwidths.open('bob')!];
    expect(one.exceededBy('to-peer', 100, 0)).toBeUndefined();
    expect(one.exceededBy('to-peer', 1, 0)).toBe('allocation');
    expect(two.exceededBy('to-peer', 50, 0)).toBeUndefined();
    expect(two.exceededBy('to-peer', 1, 0)).toBe('user');
    expect(other.exceededBy('to-peer', 50, 0)).toBeUndefined();
    expect(other.exceededBy('to-peer', 1, 0)).toBe('total');
  });

  it('takes nothing from a wider one for what a narrower one refuses', () => {
    const bandwidths = new Bandwidths({ allocationBytesPerSec: 100, userBytesPerSec: 0, totalBytesPerSec: 200 });
    const greedy = bandwidths.open('alice')!;
    for (let i = 0; i < 50; i++) greedy.exceededBy('to-peer', 100, 0);
    expect(bandwidths.open('bob')!.exceededBy('to-peer', 100, 0)).toBeUndefined();
  });

  it('neither fills up nor blocks when the clock jumps back', () => {
    const bandwidth = new Bandwidths({ ...NONE, allocationBytesPerSec: 100 }).open('alice')!;
    expect(bandwidth.exceededBy('to-peer', 100, 50_000)).toBeUndefined();
    expect(bandwidth.exceededBy('to-peer', 1, 10)).toBe('allocation');
    expect(bandwidth.exceededBy('to-peer', 1, 50_100)).toBeUndefined();
  });

  it('of a user is not full again by allocating anew, and is forgotten once it is', () => {
    const bandwidths = new Bandwidths({ ...NONE, userBytesPerSec: 100 });
    expect(bandwidths.open('alice')!.exceededBy('to-peer', 100, 0)).toBeUndefined();
    bandwidths.close('alice', 0);
    expect(bandwidths.open('alice')!.exceededBy('to-peer', 100, 0)).toBe('user');
    bandwidths.close('alice', 0);
    expect(bandwidths.users).toBe(1);
    bandwidths.open('bob');
    bandwidths.close('bob', 1000);
    expect(bandwidths.users).toBe(0);
  });

  it('of users who come and go is kept of so many and no more', () => {
    const bandwidths = new Bandwidths({ ...NONE, userBytesPerSec: 100 });
    for (let i = 0; i < 30_000; i++) {
      bandwidths.open(`user ${i}`)!.exceededBy('to-peer', 60_000, 0);
      bandwidths.close(`user ${i}`, 0);
    }
    expect(bandwidths.users).toBe(10_000);
  });

  it('is one for both families of an allocation', () => {
    const world = new World({ bandwidth: { ...NONE, allocationBytesPerSec: 100 } });
    const client = world.client().as('alice');
    client.allocate((m) => m.add(additionalAddressFamily, 2));
    expect(client.relayOf(4).bandwidth).toBeDefined();
    expect(client.relayOf(6).bandwidth).toBe(client.relayOf(4).bandwidth);
  });
});
