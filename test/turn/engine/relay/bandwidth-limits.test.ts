import { describe, expect, it } from 'vitest';
import { additionalAddressFamily } from '../../../../src/stun/attributes/rfc8656.ts';
import { type BandwidthOptions } from '../../../../src/turn/engine/relay/bandwidth-limits.ts';
import { World } from '../world.ts';

const NONE: BandwidthOptions = { allocationBytesPerSec: 0, userBytesPerSec: 0, totalBytesPerSec: 0 };

describe('a bandwidth', () => {
  it('is nothing at all where no limit is set', () => {
    const world = new World({ bandwidth: NONE });
    const client = world.client().as('alice');
    client.allocate();
    expect(client.relay.bandwidth).toBeUndefined();
  });

  it('is one for both families of an allocation', () => {
    const world = new World({ bandwidth: { ...NONE, allocationBytesPerSec: 100 } });
    const client = world.client().as('alice');
    client.allocate((m) => m.add(additionalAddressFamily, 2));
    expect(client.relayOf(4).bandwidth).toBeDefined();
    expect(client.relayOf(6).bandwidth).toEqual(client.relayOf(4).bandwidth);
  });

  it('is told by its name: that of an allocation, of a user, and of all', () => {
    const world = new World({ bandwidth: { allocationBytesPerSec: 100, userBytesPerSec: 200, totalBytesPerSec: 300 } });
    const [one, two, other] = [world.client().as('alice'), world.client().as('alice'), world.client().as('bob')];
    for (const client of [one, two, other]) client.allocate();
    const [first, second, third] = [one, two, other].map(({ relay }) => relay.bandwidth);
    expect(first).toMatchObject({
      allocation: { bytesPerSec: 100 },
      user: { bytesPerSec: 200 },
      total: { bytesPerSec: 300 },
    });
    expect(second?.allocation).not.toEqual(first?.allocation);
    expect(second?.user).toEqual(first?.user);
    expect(third?.user).not.toEqual(first?.user);
    expect(third?.total).toEqual(first?.total);
  });
});
