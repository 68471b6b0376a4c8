import { describe, expect, it } from 'vitest';
import { Allocation } from '../../../../src/turn/engine/allocation/allocation.ts';
import { OwnRelayChannels } from '../../../../src/turn/engine/peers/own-relay-channels.ts';
import { address } from '../world.ts';

/** Two live allocations of one world, to stand for holders. */
function holders(): [Allocation, Allocation] {
  const address4 = address('192.0.2.1:1');
  const client = { transport: 'udp', remote: address4, local: address4, key: 'k', socket: 1, from: '' } as const;
  const credential = {
    user: 'u',
    person: 'u',
    username: 'u',
    expiresAtSec: undefined,
    endsAllocations: false,
    namesNoHolder: false,
    keyId: 'k1',
    realm: 'r',
    userhash: undefined,
    algorithm: 'md5',
    key: Buffer.alloc(16),
  } as const;
  const make = (id: string): Allocation =>
    new Allocation({
      id,
      client,
      relays: [{ relay: { slot: 0, relayed: address4 }, family: 4, port: 1, expiresAtMs: 1 }],
      protocol: 'udp',
      createdBy: '',
      credential,
      createdAtUnixMs: 0,
      reservationToken: undefined,
      missing: undefined,
      mobile: false,
    });
  return [make('a'), make('b')];
}

describe('the index of channels towards own relays', () => {
  it('names the holders of a relayed address and of no other', () => {
    const index = new OwnRelayChannels();
    const [a, b] = holders();
    index.bound(address('127.0.0.1:1'), a);
    index.bound(address('127.0.0.1:1'), b);
    index.bound(address('127.0.0.1:1'), b);
    expect(index.takeHolders(address('127.0.0.1:2'))).toEqual([]);
    expect(index.takeHolders(address('127.0.0.1:1')).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(index.takeHolders(address('127.0.0.1:1'))).toEqual([]);
    expect(index.size).toBe(0);
  });

  it('keeps nothing of what was taken out, and bears taking out what is not there', () => {
    const index = new OwnRelayChannels();
    const [a, b] = holders();
    index.unbound(address('127.0.0.1:1'), a);
    index.bound(address('127.0.0.1:1'), a);
    index.unbound(address('127.0.0.1:2'), a);
    index.unbound(address('127.0.0.1:1'), b);
    expect(index.size).toBe(1);
    index.unbound(address('127.0.0.1:1'), a);
    expect(index.size).toBe(0);
  });
});
