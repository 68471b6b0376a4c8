import { describe, expect, it } from 'vitest';
import { channelNumber, data, requestedTransport, xorPeerAddress } from '../../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { address, codeOf, engineOptions, World, type TestClient } from '../world.ts';

const PEER = address('9.9.9.9:7000');
const OTHER = address('1.1.1.1:7000');

/** A client with a permission and a channel for each of two peers. */
function talking(): { world: World; client: TestClient } {
  const world = new World();
  const client = world.client().as('alice');
  client.allocate();
  [PEER, OTHER].forEach((peer, i) => {
    expect(codeOf(bind(client, peer, 0x4000 + i))).toBe(0);
  });
  return { world, client };
}

function bind(client: TestClient, peer: typeof PEER, channel: number) {
  return client.request(Method.ChannelBind, (m) => m.add(channelNumber, channel).add(xorPeerAddress, peer));
}

const CHANGES: readonly (readonly [name: string, cause: string, apply: (world: World) => void])[] = [
  [
    'this machine gets the address',
    'own-address',
    (world) => {
      world.engine.setHostAddresses([PEER.address]);
    },
  ],
  [
    'the core moves to the address',
    'core',
    (world) => {
      world.engine.setCoreAddresses([address('9.9.9.9:5060')]);
    },
  ],
  [
    'this process listens at the place',
    'own-listener',
    (world) => {
      world.engine.addOwnListeners([PEER]);
    },
  ],
];

describe.each(CHANGES)('when %s', (_name, cause, apply) => {
  it('what clients hold towards it ends, and nothing else does', () => {
    const { world, client } = talking();
    apply(world);
    expect([...client.relay.channels.values()].map(({ peer }) => peer)).toEqual([OTHER]);
    expect([...client.relay.permissions.keys()]).toEqual([OTHER.address]);
    expect(world.causes('peer-denied')).toContain(cause);
  });

  it('nothing passes in either direction, and nothing is granted anew', () => {
    const { world, client } = talking();
    apply(world);
    client.indicate(Method.Send, (m) => m.add(xorPeerAddress, PEER).add(data, Buffer.from('x')));
    expect(world.plane.sent).toEqual([]);
    const before = client.inbox.length;
    world.engine.onPeerData(client.relay, PEER, Buffer.from('x'));
    expect(client.inbox).toHaveLength(before);
    expect(codeOf(bind(client, PEER, 0x4002))).toBe(403);
  });

  it('a TCP connection with it ends', () => {
    const world = new World();
    const client = world.client(undefined, 'tcp').as('alice');
    expect(codeOf(client.request(Method.Allocate, (m) => m.add(requestedTransport, 6)))).toBe(0);
    client.exchange(client.signed(Method.Connect, (m) => m.add(xorPeerAddress, PEER)));
    expect(world.engine.stats().peerConnections).toBe(1);
    apply(world);
    expect(world.engine.stats().peerConnections).toBe(0);
  });
});

describe('what the data plane may decide by itself', () => {
  it('is each port of an open address but those of listeners and of the core, at any address', () => {
    const { world, client } = talking();
    expect([...client.relay.openTo]).toEqual([PEER.address, OTHER.address]);
    expect(world.plane.guardedPorts).toEqual([3478]);
    world.engine.addOwnListeners([address('0.0.0.0:8443')]);
    world.engine.setCoreAddresses([address('8.8.8.8:5060')]);
    expect(world.plane.guardedPorts).toEqual([3478, 8443, 5060]);
    world.engine.setCoreAddresses([]);
    expect(world.plane.guardedPorts).toEqual([3478, 8443]);
  });

  it('is nothing where only relays of this server are peers', () => {
    const world = new World({ relay: { ...engineOptions().relay, addresses: ['127.0.0.1'] } });
    const client = world.client().as('alice');
    client.allocate();
    expect(codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, address('127.0.0.1:9'))))).toBe(
      0,
    );
    expect([...client.relay.permissions.keys()]).toEqual(['127.0.0.1']);
    expect([...client.relay.openTo]).toEqual([]);
  });
});

it('what is the same as before changes nothing', () => {
  const { world, client } = talking();
  world.engine.setCoreAddresses([address('8.8.8.8:5060')]);
  world.engine.setCoreAddresses([address('8.8.8.8:5060')]);
  world.engine.setHostAddresses([]);
  expect(client.relay.channels.size).toBe(2);
  expect(codeOf(bind(client, PEER, 0x4000))).toBe(0);
});

it('a channel between two clients lives on when the relay address shows up at an interface', () => {
  const world = new World();
  const [alice, bob] = [world.client().as('alice'), world.client().as('bob')];
  alice.allocate();
  bob.allocate();
  expect(codeOf(bind(alice, bob.relayed, 0x4000))).toBe(0);
  world.engine.setHostAddresses([bob.relayed.address]);
  expect(alice.relay.channels.size).toBe(1);
});
