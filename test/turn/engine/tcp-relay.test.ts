import { describe, expect, it } from 'vitest';
import { connectionId } from '../../../src/stun/attributes/rfc6062.ts';
import {
  channelNumber,
  data,
  dontFragment,
  evenPort,
  lifetime,
  requestedAddressFamily as family6,
  requestedTransport,
  reservationToken,
  xorPeerAddress,
  xorRelayedAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type TurnEngineOptions } from '../../../src/turn/engine/engine-options.ts';
import { type FakeTcp } from './fake-tcp.ts';
import { address, codeOf, decoded, engineOptions, World, type Build, type TestClient } from './world.ts';

const PEER = '203.0.114.9:7000';

function tcpOf(world: World): FakeTcp {
  return world.plane.tcp!;
}

/** Allocates a TCP relay on a client of its own. */
function withRelay(changes: Partial<TurnEngineOptions> = {}): { world: World; tcp: FakeTcp; client: TestClient } {
  const world = new World(changes);
  const client = world.client(undefined, 'tcp').as('alice');
  expect(codeOf(allocateTcp(client))).toBe(0);
  return { world, tcp: tcpOf(world), client };
}

function allocateTcp(client: TestClient, build: Build = () => undefined) {
  return client.request(Method.Allocate, (message) => {
    message.add(requestedTransport, 6);
    build(message);
  });
}

/** Without waiting for the answer, which comes later: the code if there is one at once. */
function connect(client: TestClient, peer = PEER): number | undefined {
  const answer = client.exchange(
    client.signed(Method.Connect, (request) => request.add(xorPeerAddress, address(peer))),
  );
  return answer && codeOf(answer);
}

function bind(client: TestClient, id: number | undefined): number {
  return codeOf(
    client.request(Method.ConnectionBind, (request) => (id === undefined ? request : request.add(connectionId, id))),
  );
}

function lastOf(client: TestClient) {
  return decoded(client.inbox.at(-1)!);
}

function permit(client: TestClient, peer = PEER): void {
  expect(codeOf(client.request(Method.CreatePermission, (it) => it.add(xorPeerAddress, address(peer))))).toBe(0);
}

/** A connection that the client may bind. */
function connected(world: World, client: TestClient, peer = PEER): number {
  expect(connect(client, peer)).toBeUndefined();
  const id = tcpOf(world).latest;
  world.engine.onPeerConnected(id);
  return id;
}

describe('Allocate with REQUESTED-TRANSPORT TCP (RFC 6062 §5.1)', () => {
  it.each(['tcp', 'tls'] as const)('gives a client on %s a TCP relay of the same port range', (transport) => {
    const world = new World();
    const client = world.client(undefined, transport).as('alice');
    const relayed = allocateTcp(client).get(xorRelayedAddress)!;
    expect(relayed).toEqual(client.relayed);
    expect(relayed.port).toBeGreaterThanOrEqual(50_000);
    expect(relayed.port).toBeLessThanOrEqual(50_999);
    expect(client.relay.protocol).toBe('tcp');
  });

  it('is 400 for a client on UDP', () => {
    const world = new World();
    expect(codeOf(allocateTcp(world.client().as('alice')))).toBe(400);
    expect(world.plane.open.size).toBe(0);
  });

  it.each<[string, Build]>([
    ['DONT-FRAGMENT', (it) => it.add(dontFragment, true)],
    ['EVEN-PORT', (it) => it.add(evenPort, false)],
    ['RESERVATION-TOKEN', (it) => it.add(reservationToken, Buffer.alloc(8))],
  ])('is 400 with %s, which is for UDP', (_name, build) => {
    const world = new World();
    expect(codeOf(allocateTcp(world.client(undefined, 'tcp').as('alice'), build))).toBe(400);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0 });
  });

  it('is 442 where TCP is not relayed', () => {
    const world = new World({ tcpRelay: undefined });
    expect(codeOf(allocateTcp(world.client(undefined, 'tcp').as('alice')))).toBe(442);
  });

  it('is 442 where the data plane cannot relay TCP', () => {
    const world = new World();
    world.plane.tcp = undefined;
    expect(codeOf(allocateTcp(world.client(undefined, 'tcp').as('alice')))).toBe(442);
  });

  it('relays no datagrams: ChannelBind is 400, and a Send indication goes nowhere', () => {
    const { world, client } = withRelay();
    permit(client);
    const bound = client.request(Method.ChannelBind, (it) =>
      it.add(channelNumber, 0x4000).add(xorPeerAddress, address(PEER)),
    );
    expect(codeOf(bound)).toBe(400);
    client.indicate(Method.Send, (it) => it.add(xorPeerAddress, address(PEER)).add(data, Buffer.from('x')));
    expect(world.plane.sent).toEqual([]);
    expect(world.engine.stats().drops).toMatchObject({ 'wrong-relay-protocol': 1 });
  });
});

describe('Connect (RFC 6062 §5.2)', () => {
  it('is answered with a CONNECTION-ID once the peer has taken the connection, and not before', () => {
    const { world, tcp, client } = withRelay();
    expect(connect(client)).toBeUndefined();
    const id = tcp.latest;
    expect(tcp.connecting.get(id)).toMatchObject({ to: PEER, from: `8.8.4.1:${client.relayed.port}` });
    world.engine.onPeerConnected(id);
    expect(codeOf(lastOf(client))).toBe(0);
    expect(lastOf(client).get(connectionId)).toBe(id);
  });

  it('needs no permission, and is told to nobody else', () => {
    const { world, client } = withRelay();
    const other = world.client(undefined, 'tcp').as('bob');
    allocateTcp(other);
    const before = other.inbox.length;
    connected(world, client);
    expect(other.inbox).toHaveLength(before);
  });

  it('is 447 when the peer refuses, and may be tried again', () => {
    const { world, tcp, client } = withRelay();
    connect(client);
    world.engine.onPeerConnectionEnded(tcp.latest);
    expect(codeOf(lastOf(client))).toBe(447);
    expect(world.causes('request-refused')).toContain('connect-failed');
    connected(world, client);
    expect(codeOf(lastOf(client))).toBe(0);
  });

  it('is 447 when the peer has said nothing for 30 seconds, and what was begun is closed', () => {
    const { world, tcp, client } = withRelay();
    connect(client);
    const before = client.inbox.length;
    world.advance(29);
    expect(client.inbox).toHaveLength(before);
    world.advance(1);
    expect(codeOf(lastOf(client))).toBe(447);
    expect(tcp.ended).toEqual([tcp.latest]);
    world.engine.onPeerConnected(tcp.latest);
    expect(client.inbox).toHaveLength(before + 1);
  });

  it('is 446 while one to the same peer is on its way, waits or is bound, and not after it ended', () => {
    const { world, tcp, client } = withRelay();
    connect(client);
    const id = tcp.latest;
    expect(connect(client)).toBe(446);
    world.engine.onPeerConnected(id);
    expect(connect(client)).toBe(446);
    bind(world.client(undefined, 'tcp').as('alice'), id);
    expect(connect(client)).toBe(446);
    expect(connect(client, '203.0.114.9:7001')).toBeUndefined();
    world.engine.onPeerConnectionEnded(id);
    expect(connect(client)).toBeUndefined();
  });

  it.each([
    '127.0.0.1:80',
    '10.0.0.1:80',
    '169.254.169.254:80',
    '0.0.0.0:80',
    '224.0.0.1:80',
    '8.8.4.1:3478',
    '203.0.114.9:0',
  ])('is 403 for %s, which the policy keeps out', (peer) => {
    const { world, tcp, client } = withRelay();
    expect(connect(client, peer)).toBe(403);
    expect(tcp.connecting.size).toBe(0);
    expect(world.of('peer-denied')).toHaveLength(1);
  });

  it.each([
    '[::127.0.0.1]:80',
    '[64:ff9b::7f00:1]:80',
    '[2002:7f00:1::]:80',
    '[fe80::5efe:7f00:1]:80',
    '[::1]:80',
    '[2a00:1450::1]:3478',
  ])('is not made for %s, whichever way an IPv4 address is written in IPv6', (peer) => {
    const world = new World({ relay: { ...engineOptions().relay, addresses: ['2a00:1450::1'] } });
    const client = world.client(undefined, 'tcp').as('alice');
    const allocated = client.request(Method.Allocate, (it) => it.add(requestedTransport, 6).add(family6, 2));
    expect(codeOf(allocated)).toBe(0);
    expect(connect(client, peer)).toBe(403);
    expect(tcpOf(world).connecting.size).toBe(0);
  });

  it('takes a mapped IPv4 address for what it is: of another family on an IPv6 relay, and 403 on an IPv4 one', () => {
    const { client } = withRelay();
    expect(connect(client, '[::ffff:127.0.0.1]:80')).toBe(403);
  });

  it('is 443 for a peer of a family that is not relayed, 400 without a peer or on a UDP relay, 437 without an allocation', () => {
    const { world, client } = withRelay();
    expect(connect(client, '[2a00:1451::9]:80')).toBe(443);
    expect(codeOf(client.request(Method.Connect))).toBe(400);
    const udp = world.client(undefined, 'tcp').as('alice');
    udp.allocate();
    expect(connect(udp)).toBe(400);
    const none = world.client(undefined, 'tcp').as('alice');
    none.challenge(Method.Connect);
    expect(connect(none)).toBe(437);
  });

  it('is 441 with the credential of another user', () => {
    const { client } = withRelay();
    client.as('mallory');
    expect(connect(client)).toBe(441);
  });

  it('is 508 beyond the connections that may wait, that one allocation may have, and that the server may have', () => {
    const { world, tcp, client } = withRelay();
    for (const port of [1, 2, 3]) expect(connect(client, `203.0.114.9:${port}`)).toBeUndefined();
    expect(connect(client, '203.0.114.9:4')).toBe(508);
    for (const id of [...tcp.connecting.keys()]) {
      world.engine.onPeerConnected(id);
      expect(bind(world.client(undefined, 'tcp').as('alice'), id)).toBe(0);
    }
    connected(world, client, '203.0.114.9:4');
    expect(connect(client, '203.0.114.9:5')).toBe(508);
    const other = world.client(undefined, 'tcp').as('bob');
    allocateTcp(other);
    for (const port of [1, 2]) expect(connect(other, `203.0.114.9:${port}`)).toBeUndefined();
    expect(connect(other, '203.0.114.9:3')).toBe(508);
  });
});

describe('ConnectionBind (RFC 6062 §5.4)', () => {
  it('joins after its answer is on its way', () => {
    const { world, tcp, client } = withRelay();
    const id = connected(world, client);
    const bearer = world.client(undefined, 'tcp').as('alice');
    expect(bind(bearer, id)).toBe(0);
    expect(tcp.joined).toEqual([{ id, client: bearer.key, answered: bearer.inbox.length }]);
    world.advance(500);
    expect(tcp.ended).toEqual([]);
  });

  it('is the owner’s alone: for another user the connection does not exist, and it still waits', () => {
    const { world, tcp, client } = withRelay();
    const id = connected(world, client);
    expect(bind(world.client(undefined, 'tcp').as('mallory'), id)).toBe(400);
    expect(world.causes('request-refused')).toContain('other-user');
    expect(tcp.joined).toEqual([]);
    expect(bind(world.client(undefined, 'tcp').as('alice'), id)).toBe(0);
  });

  it('takes an authentication of its own: a wrong password is 401', () => {
    const { world, tcp, client } = withRelay();
    const id = connected(world, client);
    expect(bind(world.client(undefined, 'tcp').as('alice', { password: 'wrong' }), id)).toBe(401);
    expect(tcp.joined).toEqual([]);
  });

  it('may be signed with the nonce of the allocation’s connection from the same host, once, and from no other host', () => {
    const { world, tcp, client } = withRelay();
    const id = connected(world, client);
    const elsewhere = world.client(undefined, 'tcp').as('alice');
    elsewhere.nonce = client.nonce;
    expect(bind(elsewhere, id)).toBe(438);
    const [first, second] = [50_001, 50_002].map((port) => {
      const bearer = world.client(`${client.remote.address}:${port}`, 'tcp').as('alice');
      bearer.nonce = client.nonce;
      return bearer;
    });
    expect(bind(first!, id)).toBe(0);
    expect(bind(second!, id)).toBe(438);
    expect(tcp.joined).toHaveLength(1);
  });

  it('is 400 over UDP, on the connection of the allocation, without an id, with one that nobody gave, and a second time', () => {
    const { world, tcp, client } = withRelay();
    const id = connected(world, client);
    expect(bind(world.client().as('alice'), id)).toBe(400);
    expect(bind(client, id)).toBe(400);
    const bearer = world.client(undefined, 'tcp').as('alice');
    expect(bind(bearer, undefined)).toBe(400);
    expect(bind(bearer, (id % 0xffff_ffff) + 1)).toBe(400);
    expect(bind(bearer, id)).toBe(0);
    expect(bind(world.client(undefined, 'tcp').as('alice'), id)).toBe(400);
    expect(tcp.joined).toHaveLength(1);
  });

  it('is 400 in the clear where the allocation was made over TLS, and the other way round it is not', () => {
    const world = new World();
    const client = world.client(undefined, 'tls').as('alice');
    expect(codeOf(allocateTcp(client))).toBe(0);
    const id = connected(world, client);
    expect(bind(world.client(undefined, 'tcp').as('alice'), id)).toBe(400);
    expect(world.causes('request-refused')).toEqual(['clear-connection']);
    expect(bind(world.client(undefined, 'tls').as('alice'), id)).toBe(0);
    const { world: other, client: clear } = withRelay();
    expect(bind(other.client(undefined, 'tls').as('alice'), connected(other, clear))).toBe(0);
  });

  it('is 400 for a connection that is still on its way', () => {
    const { world, tcp, client } = withRelay();
    connect(client);
    expect(bind(world.client(undefined, 'tcp').as('alice'), tcp.latest)).toBe(400);
  });

  it('comes too late after 30 seconds: the peer’s connection is closed', () => {
    const { world, tcp, client } = withRelay();
    const id = connected(world, client);
    world.advance(29.9);
    expect(tcp.ended).toEqual([]);
    world.advance(0.1);
    expect(tcp.ended).toEqual([id]);
    expect(bind(world.client(undefined, 'tcp').as('alice'), id)).toBe(400);
  });
});

describe('a connection from a peer (RFC 6062 §5.3)', () => {
  it('of a permitted address is told in a ConnectionAttempt, to be bound', () => {
    const { world, client } = withRelay();
    permit(client);
    const id = world.engine.onPeerAccepted(client.relay, address(PEER));
    const indication = lastOf(client);
    expect([indication.method, indication.messageClass]).toEqual([Method.ConnectionAttempt, 'indication']);
    expect(indication.get(connectionId)).toBe(id);
    expect(indication.get(xorPeerAddress)).toEqual(address(PEER));
    expect(bind(world.client(undefined, 'tcp').as('alice'), id)).toBe(0);
  });

  it('without a permission, or after it ended, is closed and told to nobody', () => {
    const { world, client } = withRelay();
    const before = client.inbox.length;
    expect(world.engine.onPeerAccepted(client.relay, address(PEER))).toBeUndefined();
    expect(client.inbox).toHaveLength(before);
    permit(client);
    world.sleep(301);
    expect(world.engine.onPeerAccepted(client.relay, address(PEER))).toBeUndefined();
    expect(world.engine.stats()).toMatchObject({ peerConnections: 0, drops: { 'no-permission': 2 } });
  });

  it('that nobody binds within 30 seconds is closed', () => {
    const { world, tcp, client } = withRelay();
    permit(client);
    const id = world.engine.onPeerAccepted(client.relay, address(PEER));
    world.advance(30);
    expect(tcp.ended).toEqual([id]);
  });

  it('beyond the connections that may wait is closed', () => {
    const { world, client } = withRelay();
    permit(client);
    for (const port of [1, 2, 3]) {
      expect(world.engine.onPeerAccepted(client.relay, address(`203.0.114.9:${port}`))).toBeDefined();
    }
    expect(world.engine.onPeerAccepted(client.relay, address('203.0.114.9:4'))).toBeUndefined();
  });

  it('is not to be guessed: ids have nothing to do with each other', () => {
    const { world, client } = withRelay({
      tcpRelay: { connectTimeoutSec: 30, pendingPerAllocation: 99, connectionsPerAllocation: 99, connections: 99 },
    });
    permit(client);
    const ids = Array.from({ length: 50 }, (_, i) =>
      world.engine.onPeerAccepted(client.relay, address(`203.0.114.9:${i + 1}`)),
    );
    expect(new Set(ids).size).toBe(50);
    expect(ids.every((id, i) => i === 0 || Math.abs(id! - ids[i - 1]!) > 1)).toBe(true);
  });
});

describe('connections of a TCP relay', () => {
  it('end with its allocation, and a Connect on its way is answered', () => {
    const { world, tcp, client } = withRelay();
    const bound = connected(world, client, '203.0.114.9:1');
    bind(world.client(undefined, 'tcp').as('alice'), bound);
    const waiting = connected(world, client, '203.0.114.9:2');
    connect(client, '203.0.114.9:3');
    const answers = client.inbox.length;
    world.engine.onClientMessage(
      client,
      client.signed(Method.Refresh, (it) => it.add(lifetime, 0)),
    );
    expect(tcp.ended).toEqual([bound, waiting, tcp.latest]);
    expect(client.inbox.slice(answers).map((bytes) => codeOf(decoded(bytes)))).toEqual([437, 0]);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, peerConnections: 0, relayPortsTaken: 0, timers: 0 });
  });

  it('are told of when they are there, and when they are no more', () => {
    const { world, client } = withRelay();
    const bound = connected(world, client, '203.0.114.9:1');
    bind(world.client(undefined, 'tcp').as('alice'), bound);
    permit(client);
    world.engine.onPeerAccepted(client.relay, address('203.0.114.9:2'));
    connect(client, '203.0.114.9:3');
    world.engine.onPeerConnectionEnded(tcpOf(world).latest);
    const [first, second] = [1, 2].map((port) => ({ user: 'alice', peer: address(`203.0.114.9:${port}`) }));
    expect(world.of('peer-connected')).toMatchObject([
      { ...first, by: 'client' },
      { ...second, by: 'peer' },
    ]);
    expect(world.of('peer-closed')).toEqual([]);
    world.engine.onPeerConnectionEnded(bound);
    world.engine.onClientClosed(client);
    expect(world.of('peer-closed')).toMatchObject([
      { ...first, bound: true },
      { ...second, bound: false },
    ]);
    expect(world.events.at(-1)?.name).toBe('allocation-ended');
  });

  it('end with its time, with its client’s connection, and with the server', () => {
    for (const end of [
      (world: World) => {
        world.advance(601);
      },
      (world: World, client: TestClient) => {
        world.engine.onClientClosed(client);
      },
      (world: World) => {
        world.engine.stop();
      },
    ]) {
      const { world, tcp, client } = withRelay();
      const id = connected(world, client);
      bind(world.client(undefined, 'tcp').as('alice'), id);
      end(world, client);
      expect(tcp.ended).toEqual([id]);
      expect(world.engine.stats()).toMatchObject({ peerConnections: 0, timers: 0 });
    }
  });

  it('leak nothing in 10,000 rounds, whatever becomes of them', () => {
    const world = new World({ relay: { ...engineOptions().relay, portQuarantineSec: 0 } });
    const tcp = tcpOf(world);
    const client = world.client(undefined, 'tcp').as('alice', { ttlSec: 10_000_000 });
    for (let round = 0; round < 10_000; round++) {
      client.nonce = undefined;
      allocateTcp(client);
      connect(client);
      const id = tcp.latest;
      if (round % 4 === 1) world.engine.onPeerConnectionEnded(id);
      if (round % 4 > 1) world.engine.onPeerConnected(id);
      if (round % 4 === 3) world.advance(30);
      world.engine.onClientClosed(client);
      tcp.connecting.clear();
      client.inbox.length = 0;
      world.events.length = 0;
      world.logged.length = 0;
    }
    expect(world.engine.stats()).toMatchObject({ peerConnections: 0, timers: 0, allocations: 0, relayPortsTaken: 0 });
    expect(world.plane.open.size).toBe(0);
  }, 120_000);

  it('reach a TCP relay of ours where UDP does not, and the other way round', () => {
    const world = new World({ relay: { ...engineOptions().relay, addresses: ['127.0.0.1'] } });
    const [a, b, c] = [0, 1, 2].map(() => world.client(undefined, 'tcp').as('alice')) as [
      TestClient,
      TestClient,
      TestClient,
    ];
    allocateTcp(a);
    allocateTcp(b);
    c.allocate();
    expect(connect(a, `127.0.0.1:${b.relayed.port}`)).toBeUndefined();
    expect(connect(a, `127.0.0.1:${c.relayed.port}`)).toBe(403);
    const bound = c.request(Method.ChannelBind, (it) => it.add(channelNumber, 0x4000).add(xorPeerAddress, b.relayed));
    expect(codeOf(bound)).toBe(403);
  });
});

it('ports of TCP and of UDP are two spaces: as many relays of each as there are ports', () => {
  const { relay } = engineOptions();
  const world = new World({
    relay: { ...relay, ports: { min: 50_000, max: 50_009 } },
    quota: { perUser: 50, total: 50 },
  });
  const codes = (allocate: (client: TestClient) => ReturnType<TestClient['allocate']>) =>
    Array.from({ length: 11 }, () => codeOf(allocate(world.client(undefined, 'tcp').as('alice'))));
  expect(codes((client) => allocateTcp(client))).toEqual([...Array.from({ length: 10 }, () => 0), 508]);
  expect(codes((client) => client.allocate())).toEqual([...Array.from({ length: 10 }, () => 0), 508]);
  expect(world.engine.stats().relayPortsTaken).toBe(20);
});
