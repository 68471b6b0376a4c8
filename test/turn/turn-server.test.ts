import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { errorCode, xorMappedAddress } from '../../src/stun/attributes/rfc8489.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { type ClientTransport } from '../../src/turn/contract/client-path.ts';
import { makeCertificate } from './support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';
import { turnServerOptions } from './support/options.ts';
import { staticVerifier } from './support/static-verifier.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

const until = (condition: () => boolean): Promise<boolean> => vi.waitUntil(condition, { timeout: 5_000, interval: 5 });
const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

let certificate: KeyPair;

beforeAll(async () => {
  certificate = await makeCertificate();
});

function allTransports(address = '127.0.0.1'): { transport: ClientTransport; address: string; port: number }[] {
  return TRANSPORTS.map((transport) => ({ transport, address, port: 0 }));
}

describe.each(TRANSPORTS)('a client over %s', (transport) => {
  it('relays in both directions by Send and Data indications', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport, ca: certificate.cert });
    const peer = await echoPeer();
    const relayed = await client.allocate();
    await client.permit(peer.address);
    client.send(peer.address, Buffer.from('by indication'));
    const [arrival] = await client.receive();
    expect(arrival).toEqual({ kind: 'indication', peer: peer.address, data: Buffer.from('by indication') });
    expect(peer.heard[0]!.from).toEqual(relayed);
  });

  it('relays in both directions by a channel', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport, ca: certificate.cert });
    const peer = await echoPeer();
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    for (const text of ['a', 'bc', 'def', 'ghij', '']) client.sendChannel(0x4000, Buffer.from(text));
    const arrivals = await client.receive(5);
    expect(arrivals.map(({ kind, channel, data }) => [kind, channel, data.toString()])).toEqual(
      ['a', 'bc', 'def', 'ghij', ''].map((text) => ['channel', 0x4000, text]),
    );
  });

  it('carries the largest UDP payload that fits', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport, ca: certificate.cert });
    const peer = await echoPeer();
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    // Over UDP the ChannelData header takes four of the 65,507 bytes.
    const payload = Buffer.alloc(transport === 'udp' ? 65_503 : 65_507, 'x');
    client.sendChannel(0x4000, payload);
    const [arrival] = await client.receive();
    expect(arrival!.data.equals(payload)).toBe(true);
  });

  it('frees the relay port at once on a Refresh with lifetime 0', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport, ca: certificate.cert });
    const { port } = await client.allocate();
    await client.refresh(0);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: '127.0.0.1', exclusive: true }, resolve);
    });
    socket.close();
    expect(server.sessions()).toEqual([]);
    await expect(client.allocate()).resolves.toMatchObject({ address: '127.0.0.1' });
  });

  it('refuses a wrong password with 401', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport, ca: certificate.cert, password: 'guess' });
    await expect(client.allocate()).rejects.toThrow('401');
    expect(server.sessions()).toEqual([]);
  });
});

describe('streams', () => {
  it('understands a client that sends byte by byte', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport: 'tcp' });
    const peer = await echoPeer();
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    for (const byte of client.channelFrame(0x4000, Buffer.from('slowly'))) {
      client.sendRaw(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const [arrival] = await client.receive();
    expect(arrival!.data.toString()).toBe('slowly');
  });

  it('relays each of many messages in one segment', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const client = await connectClient(server, { transport: 'tcp' });
    const peer = await echoPeer();
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    client.sendRaw(Buffer.concat(texts.map((text) => client.channelFrame(0x4000, Buffer.from(text)))));
    const arrivals = await client.receive(50);
    expect(arrivals.map(({ data }) => data.toString())).toEqual(texts);
  });

  it('ends the allocation with the connection', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const ended: string[] = [];
    server.events.on('allocation-ended', ({ cause }) => ended.push(cause));
    const client = await connectClient(server, { transport: 'tcp' });
    await client.allocate();
    expect(server.stats()).toMatchObject({ allocations: 1, connections: 1 });
    client.close();
    await until(() => server.sessions().length === 0);
    expect(ended).toEqual(['client-closed']);
    await until(() => server.stats()?.connections === 0);
  });

  it('closes a connection without an allocation, and leaves one with an allocation open', async () => {
    const stream = { ...turnServerOptions().stream, idleUnauthenticatedSec: 0.4 };
    const server = await startServer({ listeners: allTransports(), tls: certificate, stream });
    const served = await connectClient(server, { transport: 'tls', ca: certificate.cert });
    await served.allocate();
    const idle = await connectClient(server, { transport: 'tls', ca: certificate.cert });
    await idle.closed;
    await served.refresh(600);
  });

  it('shows a new certificate without a restart', async () => {
    const server = await startServer({ listeners: allTransports(), tls: certificate });
    const renewed = await makeCertificate();
    server.setTlsContext(renewed);
    await expect(connectClient(server, { transport: 'tls', ca: certificate.cert })).rejects.toThrow();
    await connectClient(server, { transport: 'tls', ca: renewed.cert });
    expect(() => {
      server.setTlsContext({ cert: 'x', key: 'y' });
    }).toThrow(expect.objectContaining({ code: 'ERR_CERTIFICATE_UNREADABLE' }));
  });
});

describe('IPv6', () => {
  const listeners = [
    { transport: 'udp', address: '::1', port: 0 },
    { transport: 'tcp', address: '::1', port: 0 },
  ] as const;

  it.each(['udp', 'tcp'] as const)('relays to an IPv6 peer for an IPv6 client over %s', async (transport) => {
    const server = await startServer({ listeners });
    const client = await connectClient(server, { transport, family: 6 });
    const peer = await echoPeer(6);
    const relayed = await client.allocate({ family: 6 });
    expect(relayed).toMatchObject({ family: 6, address: '::1' });
    await client.bindChannel(0x4000, peer.address);
    client.sendChannel(0x4000, Buffer.from('six'));
    expect((await client.receive())[0]!.data.toString()).toBe('six');
  });

  it('gives an IPv6 client an IPv4 relay by default, and tells it its own address', async () => {
    const server = await startServer({ listeners });
    const client = await connectClient(server, { family: 6 });
    expect(await client.allocate()).toMatchObject({ family: 4 });
    expect(client.mapped).toMatchObject({ family: 6, address: '::1' });
  });
});

describe('two clients of one server', () => {
  it('reach each other by channels and by indications, also where policy closes the address to all others', async () => {
    const server = await startServer({ peers: { allow: [], deny: [], allowPrivate: false } });
    const alice = await connectClient(server);
    const bob = await connectClient(server, { username: 'bob' });
    const atAlice = await alice.allocate();
    const atBob = await bob.allocate();
    await alice.bindChannel(0x4001, atBob);
    await bob.bindChannel(0x4002, atAlice);
    alice.sendChannel(0x4001, Buffer.from('channel to channel'));
    expect((await bob.receive())[0]).toMatchObject({ kind: 'channel', channel: 0x4002 });
    bob.send(atAlice, Buffer.from('indication to channel'));
    expect((await alice.receive())[0]).toMatchObject({ kind: 'channel', channel: 0x4001 });
    const carol = await connectClient(server);
    const atCarol = await carol.allocate();
    await carol.permit(atBob);
    await bob.permit(atCarol);
    carol.send(atBob, Buffer.from('indication to indication'));
    expect((await bob.receive())[0]).toMatchObject({ kind: 'indication', peer: atCarol });
  });

  it('do not open the relay address to another program on the host', async () => {
    const server = await startServer({ peers: { allow: [], deny: [], allowPrivate: false } });
    const alice = await connectClient(server);
    const bob = await connectClient(server, { username: 'bob' });
    const stranger = await echoPeer();
    const atAlice = await alice.allocate();
    await alice.permit(await bob.allocate());
    stranger.socket.send('let me in', atAlice.port, atAlice.address);
    alice.send(stranger.address, Buffer.from('let me out'));
    await expect(alice.bindChannel(0x4003, stranger.address)).rejects.toThrow('403');
    await until(() => (server.stats()?.drops['peer-denied'] ?? 0) >= 2);
    expect(alice.arrivals).toEqual([]);
    expect(stranger.heard).toEqual([]);
  });

  it('meet by their external address behind 1:1 NAT', async () => {
    const relay = { ...turnServerOptions().relay, externalAddresses: { '127.0.0.1': '203.0.113.7' } };
    const server = await startServer({ relay });
    const alice = await connectClient(server);
    const bob = await connectClient(server, { username: 'bob' });
    const atAlice = await alice.allocate();
    const atBob = await bob.allocate();
    expect(atBob.address).toBe('203.0.113.7');
    await alice.bindChannel(0x4001, atBob);
    await bob.permit(atAlice);
    alice.sendChannel(0x4001, Buffer.from('hairpin'));
    expect((await bob.receive())[0]).toMatchObject({ kind: 'indication', peer: atAlice });
  });
});

describe('EVEN-PORT', () => {
  it('holds the next port, drops its data, and gives it to the client with the token', async () => {
    const server = await startServer();
    const first = await connectClient(server);
    const { port } = await first.allocate({ evenPort: true });
    expect(port % 2).toBe(0);
    const peer = await echoPeer();
    peer.socket.send('early', port + 1, '127.0.0.1');
    await until(() => server.stats()?.drops['reserved-relay'] === 1);
    const second = await connectClient(server);
    expect(await second.allocate({ token: first.token! })).toMatchObject({ port: port + 1 });
    await second.permit(peer.address);
    second.send(peer.address, Buffer.from('claimed'));
    expect((await second.receive())[0]!.data.toString()).toBe('claimed');
  });
});

describe('the server', () => {
  it('answers Binding with the client’s address, to anyone', async () => {
    const server = await startServer();
    const client = await connectClient(server);
    const response = await client.binding();
    expect(response.get(errorCode)).toBeUndefined();
    expect(response.get(xorMappedAddress)).toMatchObject({ family: 4, address: '127.0.0.1' });
  });

  it('ends an allocation by its id, and all of a user', async () => {
    const server = await startServer();
    await (await connectClient(server)).allocate();
    await (await connectClient(server)).allocate();
    const [session] = server.sessions();
    expect(session).toMatchObject({ user: 'alice', transport: 'udp' });
    expect(server.endAllocation(session!.allocationId)).toBe(true);
    expect(server.endAllocation(session!.allocationId)).toBe(false);
    expect(server.endAllocationsOf('alice')).toBe(1);
    expect(server.sessions()).toEqual([]);
  });

  it('ends what has expired by itself', async () => {
    const allocation = { ...turnServerOptions().allocation, defaultLifetimeSec: 1, maxLifetimeSec: 1 };
    const server = await startServer({ allocation });
    const ended: string[] = [];
    server.events.on('allocation-ended', ({ cause }) => ended.push(cause));
    await (await connectClient(server)).allocate();
    await until(() => ended.length === 1);
    expect(ended).toEqual(['expired']);
  });

  it('counts what it relayed and what it dropped', async () => {
    const server = await startServer();
    const client = await connectClient(server);
    const peer = await echoPeer();
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    client.sendChannel(0x4000, Buffer.from('1234'));
    await client.receive();
    client.sendChannel(0x4001, Buffer.from('no such channel'));
    client.sendRaw(Buffer.from('ff00', 'hex'));
    await until(() => server.stats()?.drops['unknown-first-byte'] === 1);
    expect(server.stats()?.drops).toMatchObject({ 'unknown-channel': 1, 'unknown-first-byte': 1 });
    expect(server.sessions()[0]!.counters).toEqual({
      packetsToPeer: 1,
      bytesToPeer: 4,
      packetsToClient: 1,
      bytesToClient: 4,
      dropped: 0,
    });
  });
});

describe('start and stop', () => {
  const verifier = staticVerifier({});

  it('opens nothing when one listener fails', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    const { port } = taken.address() as { port: number };
    const listeners = (['udp', 'tcp'] as const).map((transport) => ({ transport, address: '127.0.0.1', port }));
    const server = new TurnServer(turnServerOptions({ listeners }), { verifier, logger: silentLogger });
    await expect(server.start()).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' });
    expect(server.addresses).toEqual([]);
    taken.close();
    await server.start();
    expect(server.addresses.map((at) => at.port)).toEqual([port, port]);
    await server.stop();
  });

  it.each([
    ['a malformed deny entry', { peers: { allow: [], deny: ['10.0.0.0/33'], allowPrivate: false } }, 'turn.peers.deny'],
    [
      'a relay address that is none',
      { relay: { ...turnServerOptions().relay, addresses: ['eth0'] } },
      'turn.relay.addresses',
    ],
    [
      'an external address of the other family',
      { relay: { ...turnServerOptions().relay, externalAddresses: { '127.0.0.1': '2001:db8::1' } } },
      'turn.relay.externalAddresses',
    ],
    ['an empty realm', { realm: '' }, 'turn.realm'],
  ])('does not start with %s, and names the option', async (_what, overrides, path) => {
    const server = new TurnServer(turnServerOptions(overrides), { verifier, logger: silentLogger });
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringContaining(path) as string,
    });
  });

  it('does not start with a relay address that is not of this machine, and names key and address', async () => {
    const relay = { ...turnServerOptions().relay, addresses: ['127.0.0.1', '192.0.2.7'] };
    const server = new TurnServer(turnServerOptions({ relay }), {
      verifier: staticVerifier({}),
      logger: silentLogger,
    });
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_ADDRESS_UNAVAILABLE',
      message:
        'turn.relay.addresses: 192.0.2.7 is no address of this host; name one of its own in turn.relay.addresses (EADDRNOTAVAIL)',
    });
    expect(server.addresses).toEqual([]);
  });

  it('refuses a second start, and takes a second stop as nothing', async () => {
    const server = new TurnServer(turnServerOptions(), { verifier, logger: silentLogger });
    await server.start();
    await expect(server.start()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    await server.stop();
    await server.stop();
    await server.start();
    await server.stop();
  });

  it('leaves no handle behind, whatever was going on', async () => {
    const resources = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /UDP|TCP|TLS|Timeout/.test(name));
    const before = resources();
    const listeners = [...allTransports(), ...allTransports('::1')];
    const server = new TurnServer(turnServerOptions({ listeners, tls: certificate }), {
      verifier: staticVerifier({ alice: 'alice-secret' }),
      logger: silentLogger,
    });
    await server.start();
    const ended: string[] = [];
    server.events.on('allocation-ended', ({ cause }) => ended.push(cause));
    const clients = await Promise.all(
      TRANSPORTS.map((transport) => connectClient(server, { transport, ca: certificate.cert })),
    );
    for (const client of clients) await client.allocate({ family: 6 });
    await clients[0]!.permit({ family: 6, address: '::1', port: 9 });
    clients[0]!.send({ family: 6, address: '::1', port: 9 }, Buffer.from('x'));
    const ports = clients.map((client) => client.relayed!.port);
    await server.stop();
    expect(ended).toEqual(['stopped', 'stopped', 'stopped']);
    for (const client of clients) client.close();
    await Promise.all(clients.map((client) => client.closed));
    // Turns of the event loop, since a timer to wait by would be counted.
    for (let i = 0; i < 10_000 && resources().length > before.length; i++) await turn();
    expect(resources().length).toBeLessThanOrEqual(before.length);
    for (const port of ports) {
      const socket = createSocket('udp6');
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ port, address: '::1', exclusive: true }, resolve);
      });
      socket.close();
    }
    expect(server.addresses).toEqual([]);
  });
});
