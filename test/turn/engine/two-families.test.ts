import { describe, expect, it } from 'vitest';
import {
  additionalAddressFamily,
  addressErrorCode,
  channelNumber,
  data,
  evenPort,
  lifetime,
  requestedAddressFamily,
  xorPeerAddress,
  xorRelayedAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { address, codeOf, engineOptions, World, type Build, type TestClient } from './world.ts';

const { relay } = engineOptions();
const both: Build = (m) => m.add(additionalAddressFamily, 2);
const peer4 = address('203.0.114.7:7000');
const peer6 = address('[2a00:1450::77]:7000');

function dual(world: World, client = world.client().as('alice')): TestClient {
  expect(codeOf(client.allocate(both))).toBe(0);
  return client;
}

function permit(client: TestClient, ...peers: (typeof peer4)[]): number {
  return codeOf(
    client.request(Method.CreatePermission, (m) => {
      for (const peer of peers) m.add(xorPeerAddress, peer);
    }),
  );
}

function bind(client: TestClient, channel: number, peer: typeof peer4): number {
  return codeOf(client.request(Method.ChannelBind, (m) => m.add(channelNumber, channel).add(xorPeerAddress, peer)));
}

function refresh(client: TestClient, wishedSec: number, family?: number): number {
  return codeOf(
    client.request(Method.Refresh, (m) => {
      m.add(lifetime, wishedSec);
      if (family !== undefined) m.add(requestedAddressFamily, family);
    }),
  );
}

function send(client: TestClient, peer: typeof peer4): void {
  client.indicate(Method.Send, (m) => m.add(xorPeerAddress, peer).add(data, Buffer.from('hello')));
}

describe('ADDITIONAL-ADDRESS-FAMILY', () => {
  it('gets an IPv4 and then an IPv6 relayed address in one allocation, on retransmission too', () => {
    const world = new World();
    const client = world.client().as('alice');
    const first = client.allocate(both, Buffer.alloc(12, 3));
    const again = client.allocate(both, Buffer.alloc(12, 3));
    const expected = [client.relayOf(4).relayed, client.relayOf(6).relayed];
    expect(first.getAll(xorRelayedAddress)).toEqual(expected);
    expect(again.getAll(xorRelayedAddress)).toEqual(expected);
    expect(first.has(addressErrorCode)).toBe(false);
    expect(world.of('allocation-created')).toMatchObject([
      { relayed: expected[0], relayedAll: expected, family: 4, lifetimeSec: 600 },
    ]);
    expect(world.engine.stats()).toMatchObject({ allocations: 1, relayPortsTaken: 2 });
    expect(world.plane.binds).toBe(2);
  });

  it('in the numbering of the draft, which coturn has, is understood and answered alike', () => {
    const world = new World();
    const drafted = { ...additionalAddressFamily, type: 0x8032 };
    const one = world
      .client()
      .as('alice')
      .allocate((m) => m.add(drafted, 2));
    expect(one.getAll(xorRelayedAddress).map(({ family }) => family)).toEqual([4, 6]);
    const single = new World({ relay: { ...relay, addresses: ['8.8.4.1'] } });
    const answer = single
      .client()
      .as('alice')
      .allocate((m) => m.add(drafted, 2));
    expect(answer.get({ ...addressErrorCode, type: 0x8033 })).toMatchObject({ family: 2, code: 440 });
    expect(answer.has(addressErrorCode)).toBe(false);
  });

  it('of any other value in the numbering of the draft is none', () => {
    const client = new World().client().as('alice');
    const answer = client.allocate((m) => m.add({ ...additionalAddressFamily, type: 0x8032 }, 1));
    expect(answer.getAll(xorRelayedAddress).map(({ family }) => family)).toEqual([4]);
  });

  it.each<[string, string[], number, number]>([
    ['IPv4', ['8.8.4.1'], 4, 2],
    ['IPv6', ['2a00:1450::1'], 6, 1],
  ])('of a server with %s alone gets that, and 440 for the other family', (_what, addresses, got, missing) => {
    const world = new World({ relay: { ...relay, addresses } });
    const client = world.client().as('alice');
    for (const answer of [client.allocate(both, Buffer.alloc(12, 3)), client.allocate(both, Buffer.alloc(12, 3))]) {
      expect(answer.getAll(xorRelayedAddress).map(({ family }) => family)).toEqual([got]);
      expect(answer.get(addressErrorCode)).toMatchObject({ family: missing, code: 440 });
    }
    expect(world.plane.open.size).toBe(1);
  });

  it.each([
    [4, 6, 1],
    [6, 4, 2],
  ] as const)('when no IPv%i relay opens gets IPv%i, and 508 for the other', (broken, got, missing) => {
    const world = new World();
    world.faults = true;
    world.plane.broken.add(broken);
    const client = world.client().as('alice');
    const answer = client.allocate(both);
    expect(answer.getAll(xorRelayedAddress).map(({ family }) => family)).toEqual([got]);
    expect(answer.get(addressErrorCode)).toMatchObject({ family: missing, code: 508 });
    expect(world.engine.stats()).toMatchObject({ allocations: 1, relayPortsTaken: 1 });
  });

  it('when neither opens is 508 and keeps nothing', () => {
    const world = new World();
    world.faults = true;
    world.plane.broken.add(4).add(6);
    expect(codeOf(world.client().as('alice').allocate(both))).toBe(508);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, users: 0 });
  });

  it('with EVEN-PORT without R gets two even ports', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate((m) => m.add(evenPort, false).add(additionalAddressFamily, 2));
    expect([client.relayOf(4).relayed.port % 2, client.relayOf(6).relayed.port % 2]).toEqual([0, 0]);
  });

  it('counts twice in the quotas: with room for one it gets one, and 508 for the other; without room it is 486', () => {
    const world = new World({ quota: { perUser: 3, total: 10 } });
    dual(world);
    const second = world.client().as('alice').allocate(both);
    expect(second.getAll(xorRelayedAddress)).toHaveLength(1);
    expect(second.get(addressErrorCode)).toMatchObject({ family: 2, code: 508 });
    expect(codeOf(world.client().as('alice').allocate(both))).toBe(486);
    expect(world.causes('request-refused')).toEqual(['user-quota']);
  });

  it('counts twice in the quota of the server', () => {
    const world = new World({ quota: { perUser: 3, total: 2 } });
    dual(world);
    expect(codeOf(world.client().as('bob').allocate())).toBe(486);
    expect(world.causes('request-refused')).toEqual(['total-quota']);
  });
});

describe('an allocation of two families', () => {
  it('permits peers of both, each at the relay of its family', () => {
    const world = new World();
    const client = dual(world);
    expect(permit(client, peer4, peer6)).toBe(0);
    expect([...client.relayOf(4).permissions.keys()]).toEqual([peer4.address]);
    expect([...client.relayOf(6).permissions.keys()]).toEqual([peer6.address]);
  });

  it('binds channels of both from one set of numbers', () => {
    const client = dual(new World());
    expect([bind(client, 0x4000, peer4), bind(client, 0x4001, peer6)]).toEqual([0, 0]);
    expect([...client.relayOf(4).channels.keys()]).toEqual([0x4000]);
    expect([...client.relayOf(6).channels.keys()]).toEqual([0x4001]);
    expect(bind(client, 0x4000, peer6)).toBe(400);
  });

  it('sends to a peer from the relayed address of its family', () => {
    const world = new World();
    const client = dual(world);
    permit(client, peer4, peer6);
    send(client, peer4);
    send(client, peer6);
    expect(world.plane.sent.map(({ from }) => from.startsWith('['))).toEqual([false, true]);
  });

  it('hears from peers of both', () => {
    const world = new World();
    const client = dual(world);
    permit(client, peer4, peer6);
    const before = client.inbox.length;
    world.engine.onPeerData(client.relayOf(4), peer4, Buffer.from('four'));
    world.engine.onPeerData(client.relayOf(6), peer6, Buffer.from('six'));
    expect(client.inbox).toHaveLength(before + 2);
  });

  it('frees expired permissions and channels at the relay they are of', () => {
    const world = new World();
    const client = dual(world);
    bind(client, 0x4000, peer6);
    permit(client, peer4);
    refresh(client, 3600);
    world.advance(700);
    expect(client.relayOf(4).permissions.size).toBe(0);
    expect(client.relayOf(6).permissions.size).toBe(0);
    expect(client.relayOf(6).channels.size).toBe(0);
  });

  it('tells the sum of what passed both, live and at the end', () => {
    const world = new World();
    const client = dual(world);
    const other = world.client().as('bob');
    other.allocate();
    world.plane.counters.set(client.relayOf(4).slot, [1, 10, 2, 20, 3]);
    world.plane.counters.set(client.relayOf(6).slot, [4, 40, 5, 50, 6]);
    world.plane.counters.set(other.relay.slot, [7, 70, 8, 80, 9]);
    const sum = { packetsToPeer: 5, bytesToPeer: 50, packetsToClient: 7, bytesToClient: 70, dropped: 9 };
    expect(world.engine.sessions().map(({ counters }) => counters)).toEqual([
      sum,
      { packetsToPeer: 7, bytesToPeer: 70, packetsToClient: 8, bytesToClient: 80, dropped: 9 },
    ]);
    refresh(client, 0);
    expect(world.of('allocation-ended')).toMatchObject([{ cause: 'deleted-by-client', counters: sum }]);
  });

  it.each<[string, (world: World, client: TestClient) => unknown]>([
    ['is deleted', (_world, client) => refresh(client, 0)],
    [
      'expires',
      (world) => {
        world.advance(600);
      },
    ],
    [
      'loses its connection',
      (world, client) => {
        world.engine.onClientClosed(client);
      },
    ],
    ['is ended by an operator', (world) => world.engine.endAllocation(world.engine.sessions()[0]!.allocationId)],
    ['is ended with its user', (world) => world.engine.endAllocationsOf('alice')],
    [
      'ends with the engine',
      (world) => {
        world.engine.stop();
      },
    ],
  ])('gives both ports and its quota back when it %s', (_how, end) => {
    const world = new World({ quota: { perUser: 2, total: 2 } });
    const client = dual(world);
    bind(client, 0x4000, peer6);
    end(world, client);
    expect(world.plane.open.size).toBe(0);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, users: 0, relayPortsTaken: 0, timers: 0 });
    expect(world.of('allocation-ended')).toHaveLength(1);
    expect(world.of('relay-ended')).toEqual([]);
  });
});

describe('Refresh of an allocation of two families', () => {
  it('without a family concerns both', () => {
    const world = new World();
    const client = dual(world);
    world.advance(100);
    expect(refresh(client, 1800)).toBe(0);
    const endMs = world.now.monotonicMs + 1_800_000;
    expect([client.relayOf(4).expiresAtMs, client.relayOf(6).expiresAtMs]).toEqual([endMs, endMs]);
  });

  it.each([
    [4, 6, 1],
    [6, 4, 2],
  ] as const)('of IPv%i leaves the end of IPv%i where it was', (refreshed, left, code) => {
    const world = new World();
    const client = dual(world);
    const beforeMs = client.relayOf(left).expiresAtMs;
    world.advance(100);
    expect(refresh(client, 1800, code)).toBe(0);
    expect(client.relayOf(refreshed).expiresAtMs).toBe(world.now.monotonicMs + 1_800_000);
    expect(client.relayOf(left).expiresAtMs).toBe(beforeMs);
  });

  it('of one lets the other end by itself, with its permissions and channels alone', () => {
    const world = new World();
    const client = dual(world);
    permit(client, peer4, peer6);
    bind(client, 0x4000, peer4);
    bind(client, 0x4001, peer6);
    world.advance(599);
    refresh(client, 1800, 2);
    permit(client, peer6);
    bind(client, 0x4001, peer6);
    const gone = client.relayOf(4).relayed;
    world.advance(1);
    expect(world.plane.open.size).toBe(1);
    expect(client.relay.relayed.family).toBe(6);
    expect([...client.relay.permissions.keys()]).toEqual([peer6.address]);
    expect([...client.relay.channels.keys()]).toEqual([0x4001]);
    expect(world.of('relay-ended')).toMatchObject([
      { ended: gone, cause: 'expired', relayed: client.relayed, relayedAll: [client.relayed] },
    ]);
    expect(world.of('allocation-ended')).toEqual([]);
    expect(world.engine.stats()).toMatchObject({ allocations: 1, relayPortsTaken: 1 });
    world.advance(1799);
    expect(world.causes('allocation-ended')).toEqual(['expired']);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0 });
  });

  it('of one lets the other end at its time whether or not a timer ran', () => {
    const world = new World();
    const client = dual(world);
    permit(client, peer4, peer6);
    world.advance(599);
    refresh(client, 1800, 1);
    const relay6 = client.relayOf(6);
    world.sleep(1);
    world.engine.onPeerData(relay6, peer6, Buffer.from('late'));
    expect(world.engine.stats().drops).toMatchObject({ 'no-allocation': 1 });
    expect(permit(client, peer6)).toBe(443);
    expect(world.plane.open.size).toBe(1);
  });

  it('to zero of one family deletes that one alone', () => {
    const world = new World({ quota: { perUser: 2, total: 10 } });
    const client = dual(world);
    permit(client, peer4, peer6);
    bind(client, 0x4000, peer4);
    const gone = client.relayOf(4).relayed;
    expect(refresh(client, 0, 1)).toBe(0);
    expect(world.of('relay-ended')).toMatchObject([{ ended: gone, cause: 'deleted-by-client', family: 6 }]);
    expect([...client.relay.permissions.keys()]).toEqual([peer6.address]);
    expect(permit(client, peer4)).toBe(443);
    expect(bind(client, 0x4001, peer4)).toBe(443);
    expect(refresh(client, 600, 1)).toBe(443);
    expect(bind(client, 0x4000, peer6)).toBe(0);
    expect(codeOf(world.client().as('alice').allocate())).toBe(0);
    expect(codeOf(world.client().as('alice').allocate())).toBe(486);
  });

  it('to zero of both families, one after the other, ends the allocation', () => {
    const world = new World();
    const client = dual(world);
    world.plane.counters.set(client.relayOf(4).slot, [1, 10, 2, 20, 3]);
    expect([refresh(client, 0, 1), refresh(client, 0, 2), refresh(client, 0, 2)]).toEqual([0, 0, 437]);
    expect(world.of('allocation-ended')).toMatchObject([
      { cause: 'deleted-by-client', family: 6, counters: { packetsToPeer: 1, bytesToPeer: 10, dropped: 3 } },
    ]);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0 });
  });

  it('to zero of one takes channels of others away that led to it', () => {
    const world = new World({ relay: { ...relay, addresses: ['127.0.0.1', '::1'] } });
    const client = dual(world);
    const other = dual(world, world.client().as('bob'));
    expect(bind(other, 0x4000, client.relayOf(6).relayed)).toBe(0);
    expect(bind(other, 0x4001, client.relayOf(4).relayed)).toBe(0);
    refresh(client, 0, 2);
    expect(other.relayOf(6).channels.size).toBe(0);
    expect(other.relayOf(4).channels.size).toBe(1);
  });
});

describe('an allocation of one family', () => {
  it.each([
    [undefined, peer6],
    [1, peer6],
    [2, peer4],
  ])('(%s) answers 443 for a peer of the other, and drops what is sent to it', (family, peer) => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate((m) => family !== undefined && m.add(requestedAddressFamily, family));
    expect(permit(client, peer)).toBe(443);
    expect(permit(client, peer4, peer6)).toBe(443);
    expect(bind(client, 0x4000, peer)).toBe(443);
    send(client, peer);
    expect(world.engine.stats().drops).toMatchObject({ 'family-mismatch': 1 });
    expect(client.relay.permissions.size).toBe(0);
  });
});

describe('10,000 rounds of allocations of two families', () => {
  it('leak neither port nor timer nor quota', () => {
    const world = new World({
      relay: { ...relay, ports: { min: 50_000, max: 50_019 }, portQuarantineSec: 1 },
      quota: { perUser: 5, total: 7 },
      nonceLifetimeSec: 1e9,
    });
    world.faults = true;
    const clients = ['alice', 'alice', 'alice', 'alice', 'bob'].map((user, at) =>
      world.client(`198.51.100.${at}:1`).as(user, { ttlSec: 1e8 }),
    );
    let seed = 11;
    const dice = (sides: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % sides;
    };
    const codes = new Set<number>();
    const leaks: number[] = [];
    for (let round = 0; round < 10_000; round++) {
      const client = clients[dice(clients.length)]!;
      world.plane.broken.clear();
      if (dice(10) === 0) world.plane.broken.add(dice(2) === 0 ? 4 : 6);
      const act = dice(6);
      if (act <= 1) codes.add(codeOf(client.allocate(dice(4) === 0 ? undefined : both)));
      else if (act === 2) codes.add(refresh(client, 0, dice(3) === 0 ? undefined : 1 + dice(2)));
      else if (act === 3) codes.add(refresh(client, 600, dice(3) === 0 ? undefined : 1 + dice(2)));
      else if (act === 4) codes.add(bind(client, 0x4000 + dice(6), dice(2) === 0 ? peer4 : peer6));
      else if (dice(2) === 0) world.advance(dice(300));
      else world.sleep(dice(300));
      const { relayPortsTaken, allocations } = world.engine.stats();
      const relays = world.engine.sessions().reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
      const isSane = relays === relayPortsTaken && world.plane.open.size === relays && relays >= allocations;
      if (!isSane || relays > 7) leaks.push(round);
    }
    expect(leaks).toEqual([]);
    world.advance(3600);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, users: 0, relayPortsTaken: 0, timers: 0 });
    expect(world.plane.open.size).toBe(0);
    expect([...codes].sort()).toEqual([0, 400, 437, 443, 486, 508]);
  });
});
