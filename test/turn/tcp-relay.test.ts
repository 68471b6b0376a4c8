import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { type TransportAddress } from '../../src/base/transport-address.ts';
import { connectionId } from '../../src/stun/attributes/rfc6062.ts';
import { xorPeerAddress } from '../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../src/stun/message-type.ts';
import { kernelTcp } from '../../src/turn/kernel/tcp.ts';
import { type TurnServer } from '../../src/turn/turn-server.ts';
import { makeCertificate } from './support/certificate.ts';
import { DataConnection } from './support/data-connection.ts';
import { type TurnClient } from './support/turn-client.ts';
import { connectClient, startServer } from './support/turn-lab.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const TCP = [{ transport: 'tcp', address: '127.0.0.1', port: 0 }] as const;

/** A TCP peer that hands out each connection it gets; half-open ones stay so. */
async function tcpPeer(onConnection: (socket: Socket) => void): Promise<TransportAddress> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { family: 4, address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function echo(socket: Socket): void {
  socket.pipe(socket);
}

async function requestConnect(client: TurnClient, peer: TransportAddress): Promise<number> {
  const answer = await client.request(Method.Connect, (request) => request.add(xorPeerAddress, peer));
  return answer.get(connectionId)!;
}

async function bind(server: TurnServer, id: number, rest: { user?: string; password?: string; behind?: Buffer } = {}) {
  const bound = await DataConnection.bind(id, { server: server.addresses[0]!, ...rest });
  closers.push(() => bound.connection.socket.destroy());
  return bound;
}

/** A server, a client with a TCP relay, and a connection through it to a peer. */
async function joined(
  onPeer: (socket: Socket) => void = echo,
  options: Parameters<typeof startServer>[0] = {},
  clock?: Clock,
): Promise<{ server: TurnServer; client: TurnClient; data: DataConnection; peer: TransportAddress }> {
  const server = await startServer({ listeners: TCP, ...options }, clock);
  const client = await connectClient(server, { transport: 'tcp' });
  await client.allocate({ tcp: true });
  const peer = await tcpPeer(onPeer);
  const { code, connection } = await bind(server, await requestConnect(client, peer));
  expect(code).toBe(0);
  return { server, client, data: connection, peer };
}

describe.skipIf(!kernelTcp())('TCP relaying over sockets (RFC 6062)', () => {
  it.each(['client', 'peer'])(
    'closes both when the %s has ended and the other keeps still, and Connect works again',
    async (who) => {
      let aheadMs = 0;
      const clock = {
        ...systemClock,
        now: () => {
          const { monotonicMs, unixMs } = systemClock.now();
          return { monotonicMs: monotonicMs + aheadMs, unixMs: unixMs + aheadMs };
        },
      };
      const peers: Socket[] = [];
      const { server, client, data, peer } = await joined((socket) => peers.push(socket.resume()), {}, clock);
      const gone = { client: false, peer: false };
      data.socket.on('close', () => (gone.client = true)).resume();
      peers[0]!.on('close', () => (gone.peer = true));
      const [ending, still] = who === 'client' ? [data.socket, peers[0]!] : [peers[0]!, data.socket];
      still.allowHalfOpen = true;
      const ended = once(still, 'end');
      ending.end();
      await ended;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(server.stats()?.peerConnections).toBe(1);
      aheadMs = 10_000;
      await vi.waitUntil(() => server.stats()?.peerConnections === 0, { timeout: 5_000 });
      await vi.waitUntil(() => gone[who === 'client' ? 'client' : 'peer'], { timeout: 5_000 });
      expect(await requestConnect(client, peer)).toBeGreaterThan(0);
    },
  );

  it('connects from the relayed transport address and carries both ways what is no STUN at all', async () => {
    const from: (number | undefined)[] = [];
    const { server, client, data } = await joined((socket) => {
      from.push(socket.remotePort);
      echo(socket);
    });
    expect(from).toEqual([client.relayed?.port]);
    const bytes = randomBytes(1_000_000);
    data.socket.write(bytes);
    expect((await data.read(bytes.length)).equals(bytes)).toBe(true);
    const [session] = server.sessions();
    expect(session).toMatchObject({ connections: 1, counters: { bytesToPeer: 1_000_000, bytesToClient: 1_000_000 } });
  });

  it('carries over TLS as over TCP', async () => {
    const { cert, key } = await makeCertificate();
    const server = await startServer({
      listeners: [{ transport: 'tls', address: '127.0.0.1', port: 0 }],
      tls: { cert, key },
    });
    const client = await connectClient(server, { transport: 'tls', ca: cert });
    await client.allocate({ tcp: true });
    const id = await requestConnect(client, await tcpPeer(echo));
    const behind = randomBytes(20_000);
    const { code, connection } = await DataConnection.bind(id, { server: server.addresses[0]!, ca: cert, behind });
    closers.push(() => connection.socket.destroy());
    expect(code).toBe(0);
    expect((await connection.read(behind.length)).equals(behind)).toBe(true);
  });

  it('hands on what stands behind the ConnectionBind in one segment, whatever it looks like', async () => {
    const server = await startServer({ listeners: TCP });
    const client = await connectClient(server, { transport: 'tcp' });
    await client.allocate({ tcp: true });
    const peer = await tcpPeer(echo);
    for (const behind of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(3),
      randomBytes(50_000),
      Buffer.from([0, 1]),
    ]) {
      const { code, connection } = await bind(server, await requestConnect(client, peer), { behind });
      expect(code).toBe(0);
      expect((await connection.read(behind.length)).equals(behind)).toBe(true);
      connection.socket.destroy();
      await vi.waitUntil(() => server.stats()?.peerConnections === 0);
    }
  });

  it('keeps what a peer sends before anybody bound the connection', async () => {
    const server = await startServer({ listeners: TCP });
    const client = await connectClient(server, { transport: 'tcp' });
    const relayed = await client.allocate({ tcp: true });
    await client.permit(relayed);
    const peer = connect({ host: relayed.address, port: relayed.port, allowHalfOpen: true });
    closers.push(() => peer.destroy());
    peer.write('early');
    peer.end();
    const [attempt] = await client.receive();
    expect(attempt?.peer?.port).toBe(peer.localPort);
    const { connection } = await bind(server, attempt!.connectionId!);
    expect((await connection.read(5)).toString()).toBe('early');
    connection.socket.end('late');
    const [late] = (await once(peer, 'data')) as [Buffer];
    expect(late.toString()).toBe('late');
  });

  it('goes on accepting on the address from which it connects', async () => {
    const { client, data } = await joined();
    await client.permit(client.relayed!);
    const peer = connect(client.relayed!.port, client.relayed!.address);
    closers.push(() => peer.destroy());
    expect((await client.receive())[0]?.connectionId).toBeDefined();
    data.socket.write('still');
    expect((await data.read(5)).toString()).toBe('still');
  });

  it('closes a peer that has no permission at once, and tells the client nothing', async () => {
    const server = await startServer({ listeners: TCP });
    const client = await connectClient(server, { transport: 'tcp' });
    const relayed = await client.allocate({ tcp: true });
    const peer = connect(relayed.port, relayed.address);
    peer.on('error', () => undefined);
    await once(peer.resume(), 'close');
    expect(client.arrivals).toEqual([]);
    expect(server.stats()).toMatchObject({ peerConnections: 0, drops: { 'no-permission': 1 } });
  });

  it('connects two of its own relays', async () => {
    const server = await startServer({ listeners: TCP });
    const [a, b] = [
      await connectClient(server, { transport: 'tcp' }),
      await connectClient(server, { transport: 'tcp' }),
    ];
    await a.allocate({ tcp: true });
    const relayed = await b.allocate({ tcp: true });
    await b.permit(a.relayed!);
    const active = await bind(server, await requestConnect(a, relayed));
    const [attempt] = await b.receive();
    expect(attempt?.peer).toEqual(a.relayed);
    const passive = await bind(server, attempt!.connectionId!);
    active.connection.socket.write('through both');
    expect((await passive.connection.read(12)).toString()).toBe('through both');
  });

  it('is 447 when nobody listens there, and 403 where the policy says no', async () => {
    const server = await startServer({ listeners: TCP, peers: { allow: [], deny: ['127.0.0.9'], allowPrivate: true } });
    const client = await connectClient(server, { transport: 'tcp' });
    await client.allocate({ tcp: true });
    await expect(requestConnect(client, { family: 4, address: '127.0.0.1', port: 1 })).rejects.toThrow('447');
    await expect(requestConnect(client, { family: 4, address: '127.0.0.9', port: 80 })).rejects.toThrow('403');
    await expect(requestConnect(client, server.addresses[0]!)).rejects.toThrow('403');
    expect(server.stats()?.peerConnections).toBe(0);
  });

  it('gives a connection to nobody but its owner', async () => {
    const server = await startServer({ listeners: TCP });
    const client = await connectClient(server, { transport: 'tcp' });
    await client.allocate({ tcp: true });
    const id = await requestConnect(client, await tcpPeer(echo));
    expect((await bind(server, id, { user: 'bob' })).code).toBe(400);
    expect((await bind(server, id, { password: 'guessed' })).code).toBe(401);
    expect((await bind(server, (id ^ 1) >>> 0)).code).toBe(400);
    expect((await bind(server, id)).code).toBe(0);
    expect((await bind(server, id)).code).toBe(400);
  });

  it('passes on the end of each direction by itself', async () => {
    const { server, data } = await joined((socket) => {
      const heard: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      socket.on('end', () => socket.end(Buffer.concat([Buffer.from('heard '), ...heard])));
    });
    data.socket.end('all of it');
    expect((await data.read(100)).toString()).toBe('heard all of it');
    await data.closed;
    await vi.waitUntil(() => server.stats()?.peerConnections === 0);
  });

  it('closes the client’s connection with the peer’s, and the peer’s with the client’s', async () => {
    const peers: Socket[] = [];
    const first = await joined((socket) => peers.push(socket));
    peers[0]?.end('bye');
    expect((await first.data.read(9)).toString()).toBe('bye');
    first.data.socket.end();
    await first.data.closed;
    const second = await joined((socket) => peers.push(socket.resume()));
    second.data.socket.resetAndDestroy();
    await closed(peers[1]!);
  });

  it('lets nobody take a connection that was cut for one that was ended', async () => {
    const { data } = await joined((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    data.socket.write('x');
    expect(await closed(data.socket)).toBe('failed');
  });

  it('a peer that never reads: the client is slowed down, what is held is bounded, then both are closed', async () => {
    const { data, server } = await joined((socket) => socket.pause(), {
      stream: { ...STREAM, stuckSec: 1 },
    });
    data.socket.on('error', () => undefined);
    const piece = Buffer.alloc(65_536);
    let written = 0;
    while (written < 64_000_000 && data.socket.write(piece)) written += piece.length;
    await Promise.race([data.closed, flood(data.socket, piece)]);
    await data.closed;
    await vi.waitUntil(() => server.stats()?.peerConnections === 0);
    const [session] = server.sessions();
    // The kernels of both sides hold a few megabytes; what the relay took in beyond that is what it would have had to hold.
    expect(session?.counters.bytesToPeer).toBeLessThan(16_000_000);
  }, 30_000);

  it('a client that never reads: the peer is slowed down, then both are closed', async () => {
    const { data, server } = await joined(
      (socket) => {
        const piece = Buffer.alloc(65_536);
        const more = (): void => {
          while (!socket.destroyed && socket.write(piece));
        };
        socket.on('drain', more);
        more();
      },
      { stream: { ...STREAM, stuckSec: 1 } },
    );
    data.socket.pause();
    await vi.waitUntil(() => server.stats()?.peerConnections === 0, 20_000);
    expect(server.sessions()[0]?.counters.bytesToClient).toBeLessThan(16_000_000);
  }, 30_000);

  it('ends all connections and frees the port at once with Refresh 0', async () => {
    const { server, client, data } = await joined();
    const port = client.relayed!.port;
    await client.refresh(0);
    expect(await data.read(1)).toHaveLength(0);
    expect(server.stats()).toMatchObject({ allocations: 0, peerConnections: 0, relayPortsTaken: 0 });
    const probe = connect(port, '127.0.0.1');
    const [error] = (await once(probe, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('200 rounds of allocating, connecting, binding and leaving give everything back', async () => {
    const server = await startServer({ listeners: TCP });
    const peer = await tcpPeer(echo);
    for (let round = 0; round < 200; round++) {
      const client = await connectClient(server, { transport: 'tcp' });
      await client.allocate({ tcp: true });
      const id = await requestConnect(client, peer);
      if (round % 2 === 0) {
        const { connection } = await bind(server, id, { behind: Buffer.from('x') });
        await connection.read(1);
      }
      client.close();
    }
    await vi.waitUntil(() => server.stats()?.allocations === 0 && server.stats()?.connections === 0, 10_000);
    expect(server.stats()).toMatchObject({ peerConnections: 0, relayPortsTaken: 0, timers: 0 });
  }, 60_000);
});

/** How it ended. Unlike `once`, which takes an error for its own. */
function closed(socket: Socket): Promise<'failed' | 'ended'> {
  return new Promise((resolve) => {
    socket.once('close', (failed) => {
      resolve(failed ? 'failed' : 'ended');
    });
  });
}

const STREAM = {
  frameBytes: 70_000,
  idleUnauthenticatedSec: 10,
  handshakeSec: 10,
  bufferedBytes: 262_144,
  connections: 1000,
  connectionsPerAddress: 1000,
};

/** Writes whenever there is room, until the connection is gone. */
async function flood(socket: Socket, piece: Buffer): Promise<void> {
  while (!socket.destroyed) {
    await new Promise<void>((resolve) => {
      socket.once('drain', resolve).once('close', resolve);
    });
    fill(socket, piece);
  }
}

function fill(socket: Socket, piece: Buffer): void {
  while (!socket.destroyed && socket.write(piece));
}
