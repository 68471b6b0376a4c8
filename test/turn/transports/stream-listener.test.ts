import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect, TLSSocket } from 'node:tls';
import { renegotiation } from '../support/renegotiation.ts';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientLeg } from '../../../src/turn/dataplane/node/relay-state.ts';
import {
  streamLimits,
  StreamListener,
  type StreamListenerOptions,
} from '../../../src/turn/transports/stream-listener.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type KeyPair } from '../../../src/base/key-pair.ts';
import { bindingRequest, channelFrame, heard, type Heard, Linked, streamOptions } from './support.ts';

function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 10_000, interval: 5 });
}

/** Sends until nothing more is taken: the kernel's own buffers take some megabytes first. */
function overfill(path: Linked): Promise<boolean> {
  const payload = Buffer.alloc(1000);
  return until(() => {
    let taken = 0;
    while (taken < 1000 && path.sendChannelData(0x4000, payload, 0, payload.length)) taken++;
    return taken === 0;
  });
}

const LOCAL = { family: 4, address: '127.0.0.1', port: 0 } as const;

let ports: Heard;
let certificate: KeyPair;
const listeners: StreamListener[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
});

beforeEach(() => {
  ports = heard();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function listen(overrides: Partial<StreamListenerOptions> = {}, tls?: KeyPair): Promise<StreamListener> {
  const options = streamOptions(overrides);
  const listener = await StreamListener.listen(LOCAL, tls, options, streamLimits(options, ports), ports);
  listeners.push(listener);
  return listener;
}

function collect(socket: Socket): { bytes: () => Buffer; closed: Promise<void> } {
  const chunks: Buffer[] = [];
  sockets.push(socket);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
  return { bytes: () => Buffer.concat(chunks), closed };
}

function connect({ local }: StreamListener): { socket: Socket } & ReturnType<typeof collect> {
  const socket = tcpConnect({ host: local.address, port: local.port, noDelay: true });
  return { socket, ...collect(socket) };
}

function connectTls(
  { local }: StreamListener,
  options: { ca?: string; ALPNProtocols?: string[]; maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {},
): { socket: TLSSocket } & ReturnType<typeof collect> {
  const socket = tlsConnect({
    host: local.address,
    port: local.port,
    ca: certificate.cert,
    checkServerIdentity: () => undefined,
    ...options,
  });
  return { socket, ...collect(socket) };
}

async function pathOf(socket: Socket): Promise<Linked> {
  socket.write(bindingRequest());
  await until(() => ports.messages.length > 0);
  return new Linked(ports, ports.messages.shift()!.client);
}

describe('framing', () => {
  it('finds messages that come byte by byte', async () => {
    const { socket } = connect(await listen());
    const bytes = Buffer.concat([bindingRequest(1), channelFrame(0x4000, 'abc'), bindingRequest(2)]);
    for (const byte of bytes) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => ports.messages.length === 3);
    expect(ports.messages.map(({ bytes: message }) => message)).toEqual([
      bindingRequest(1),
      channelFrame(0x4000, 'abc').subarray(0, 7),
      bindingRequest(2),
    ]);
  });

  it('finds a hundred messages in one segment, in their order', async () => {
    const { socket } = connect(await listen());
    socket.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => bindingRequest(i))));
    await until(() => ports.messages.length === 100);
    expect(ports.messages.map(({ bytes }) => bytes[19])).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it.each([
    ['a first byte that is neither STUN nor ChannelData', Buffer.from('160301', 'hex')],
    ['garbage after a good message', Buffer.concat([bindingRequest(), Buffer.alloc(8, 0xff)])],
  ])('closes the connection on %s', async (_what, bytes) => {
    const { socket, closed } = connect(await listen({ frameBytes: 4096 }));
    socket.write(bytes);
    await closed;
    await until(() => ports.closed.length === 1);
    expect(ports.drops.snapshot().malformed).toBe(1);
  });

  it('drops a frame over the limit, counts it, and goes on with the next', async () => {
    const { socket } = connect(await listen({ frameBytes: 4096 }));
    socket.write(Buffer.concat([Buffer.from('4000ffff', 'hex'), Buffer.alloc(65_536), bindingRequest()]));
    await until(() => ports.messages.length === 1);
    expect(ports.drops.snapshot()['too-large']).toBe(1);
    expect(ports.closed).toEqual([]);
  });

  it('gives ChannelData of a client with an allocation to the fast path, without its padding', async () => {
    const { socket } = connect(await listen());
    const path = await pathOf(socket);
    path.leg = new ClientLeg(path);
    socket.write(Buffer.concat([channelFrame(0x4000, 'abc'), channelFrame(0x4001, 'defg')]));
    await until(() => ports.forwarded.length === 2);
    expect(ports.forwarded.map((frame) => frame.length)).toEqual([7, 8]);
    ports.takes = false;
    socket.write(channelFrame(0x4002, 'x'));
    await until(() => ports.messages.length === 1);
  });

  it('pads what it sends to a multiple of four, with zeros', async () => {
    const { socket, bytes } = connect(await listen());
    const path = await pathOf(socket);
    for (const text of ['a', 'ab', 'abc', 'abcd', '']) {
      path.sendChannelData(0x4000, Buffer.from(`..${text}..`), 2, text.length);
    }
    const expected = ['a', 'ab', 'abc', 'abcd', ''].map((text) => channelFrame(0x4000, text));
    await until(() => bytes().length === 36);
    expect(bytes()).toEqual(Buffer.concat(expected));
  });
});

describe('the 5-tuple', () => {
  it('has both ends of the connection, and one path for its life', async () => {
    const listener = await listen();
    const { socket } = connect(listener);
    const path = await pathOf(socket);
    expect(path.transport).toBe('tcp');
    expect(path.local).toEqual(listener.local);
    expect(path.remote).toEqual({ family: 4, address: '127.0.0.1', port: socket.localPort });
    expect((await pathOf(socket)).client).toBe(path.client);
  });

  it('tells the engine when the client has gone', async () => {
    const { socket } = connect(await listen());
    const path = await pathOf(socket);
    socket.destroy();
    await until(() => ports.closed.length > 0);
    expect(ports.closed).toEqual([path.client]);
  });

  it('sends what it has before it closes, and hears nothing after', async () => {
    const { socket, bytes, closed } = connect(await listen());
    const path = await pathOf(socket);
    path.send(Buffer.from('good'));
    path.connection.close();
    path.send(Buffer.from('late'));
    socket.write(bindingRequest());
    await closed;
    expect(bytes().toString()).toBe('good');
    expect(ports.messages).toEqual([]);
  });

  it('lets an answer be given while a segment is still being read', async () => {
    const { socket, bytes } = connect(await listen());
    ports.onMessage = (client) => {
      client.send(Buffer.from('pong'));
    };
    socket.write(Buffer.concat(Array.from({ length: 20 }, () => bindingRequest())));
    await until(() => bytes().length === 80);
  });
});

describe('clients that do not behave', () => {
  it('drops datagrams for a client that does not read, within the bound, and gives the connection up', async () => {
    const { socket, closed } = connect(await listen({ bufferedBytes: 16_384, stuckSec: 0.2 }));
    const path = await pathOf(socket);
    path.leg = new ClientLeg(path);
    socket.pause();
    await overfill(path);
    expect(ports.drops.snapshot()['client-not-reading']).toBeGreaterThan(0);
    await until(() => ports.closed.length === 1);
    socket.resume();
    await closed;
  });

  it('keeps a slow client that reads again in time', async () => {
    const { socket } = connect(await listen({ bufferedBytes: 16_384, stuckSec: 0.5 }));
    const path = await pathOf(socket);
    path.leg = new ClientLeg(path);
    socket.pause();
    await overfill(path);
    socket.resume();
    await until(() => path.sendChannelData(0x4000, Buffer.from('more'), 0, 4));
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(ports.closed).toEqual([]);
  });

  it('closes a connection without an allocation after its time, and counts that time anew when an allocation ends', async () => {
    const { socket, closed } = connect(await listen({ idleUnauthenticatedSec: 0.3 }));
    const path = await pathOf(socket);
    path.leg = new ClientLeg(path);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(ports.closed).toEqual([]);
    path.leg = undefined;
    await closed;
    await until(() => ports.closed.length === 1);
  });

  it('closes a connection that never says anything', async () => {
    const { closed } = connect(await listen({ idleUnauthenticatedSec: 0.1 }));
    await closed;
    await until(() => ports.closed.length === 1);
  });

  it('does not let a trickle of requests keep a connection without an allocation open', async () => {
    const { socket, closed } = connect(await listen({ idleUnauthenticatedSec: 0.3 }));
    const trickle = setInterval(() => socket.write(bindingRequest()), 20);
    await closed;
    clearInterval(trickle);
  });

  it('refuses connections beyond the limit, and takes new ones when old ones have gone', async () => {
    const listener = await listen({ connectionsPerAddress: 2 });
    const first = connect(listener);
    const second = connect(listener);
    for (const { socket } of [first, second]) {
      const path = await pathOf(socket);
      path.leg = new ClientLeg(path);
    }
    const third = connect(listener);
    await third.closed;
    expect(ports.drops.snapshot()['connection-limit']).toBe(1);
    expect(listener.connectionCount).toBe(2);
    first.socket.destroy();
    await until(() => listener.connectionCount === 1);
    await pathOf(connect(listener).socket);
  });

  it.each([
    { what: 'plain TCP', isTls: false },
    { what: 'unfinished TLS handshakes', isTls: true },
  ])('without an allocation ($what) hold every place and keep nobody out: the oldest goes', async ({ isTls }) => {
    const listener = await listen({ connections: 4 }, isTls ? certificate : undefined);
    const client = isTls ? connectTls(listener) : connect(listener);
    const path = await pathOf(client.socket);
    path.leg = new ClientLeg(path);
    const strangers = [];
    for (let i = 0; i < 3; i++) {
      strangers.push(connect(listener));
      await until(() => listener.connectionCount === i + 2);
    }
    const newcomer = isTls ? connectTls(listener) : connect(listener);
    await pathOf(newcomer.socket);
    await strangers[0]!.closed;
    expect(strangers.map(({ socket }) => socket.closed)).toEqual([true, false, false]);
    expect(client.socket.closed).toBe(false);
    expect(ports.drops.snapshot()['connection-limit']).toBe(1);
    await until(() => listener.connectionCount === 4);
  });

  it('may be ended for others again once the allocation is gone', async () => {
    const listener = await listen({ connections: 1 });
    const first = connect(listener);
    const path = await pathOf(first.socket);
    path.leg = new ClientLeg(path);
    path.leg = undefined;
    await pathOf(connect(listener).socket);
    await first.closed;
  });

  it('whose socket was handed over keeps its place, without an allocation of its own', async () => {
    const listener = await listen({ connections: 1 });
    const data = connect(listener);
    ports.onMessage = (link) => {
      sockets.push(link.connection.handOver());
    };
    await pathOf(data.socket);
    await connect(listener).closed;
    expect(data.socket.closed).toBe(false);
  });

  it('survives resets in the middle of everything', async () => {
    const listener = await listen();
    for (let i = 0; i < 20; i++) {
      const { socket } = connect(listener);
      const path = await pathOf(socket);
      path.send(Buffer.alloc(100_000));
      socket.resetAndDestroy();
      path.send(Buffer.alloc(100_000));
      path.sendChannelData(0x4000, Buffer.alloc(10), 0, 10);
    }
    await until(() => ports.closed.length === 20);
    expect(listener.connectionCount).toBe(0);
  });
});

describe('TLS', () => {
  it('serves with ALPN stun.turn and without any', async () => {
    const listener = await listen({}, certificate);
    const plain = connectTls(listener);
    const alpn = connectTls(listener, { ALPNProtocols: ['stun.turn'] });
    expect((await pathOf(plain.socket)).transport).toBe('tls');
    const path = await pathOf(alpn.socket);
    expect(plain.socket.alpnProtocol).toBe(false);
    expect(alpn.socket.alpnProtocol).toBe('stun.turn');
    path.sendChannelData(0x4000, Buffer.from('abcd'), 0, 4);
    await until(() => alpn.bytes().length === 8);
  });

  it('puts each message into a record of its own, for clients that read no further in one', async () => {
    const { socket } = connectTls(await listen({}, certificate));
    const records: number[] = [];
    socket.on('data', (record: Buffer) => records.push(record.length));
    const path = await pathOf(socket);
    for (let i = 0; i < 20; i++) path.sendChannelData(0x4000, Buffer.alloc(40), 0, 40);
    ports.onMessage = (client) => {
      client.send(Buffer.alloc(20));
    };
    socket.write(Buffer.concat(Array.from({ length: 20 }, () => bindingRequest())));
    await until(() => records.length === 40);
    expect(records).toEqual([...Array<number>(20).fill(44), ...Array<number>(20).fill(20)]);
  });

  it('serves ALPN stun.nat-discovery as well, and refuses a client that offers only other protocols', async () => {
    const listener = await listen({}, certificate);
    const discovery = connectTls(listener, { ALPNProtocols: ['http/1.1', 'stun.nat-discovery'] });
    await pathOf(discovery.socket);
    expect(discovery.socket.alpnProtocol).toBe('stun.nat-discovery');
    const other = connectTls(listener, { ALPNProtocols: ['http/1.1'] });
    const refused = new Promise<Error>((resolve) => other.socket.once('error', resolve));
    expect(await refused).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
  });

  it('renegotiates nothing, and still serves the others', async () => {
    const listener = await listen({}, certificate);
    const { socket } = connectTls(listener, { maxVersion: 'TLSv1.2' });
    await pathOf(socket);
    expect(await renegotiation(socket)).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
    listener.setTlsContext(certificate);
    const after = connectTls(listener, { maxVersion: 'TLSv1.2' });
    await pathOf(after.socket);
    expect(await renegotiation(after.socket)).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
    await pathOf(connectTls(listener).socket);
  });

  it('ends a connection on which an error is told, though Node leaves it open', async () => {
    const listener = await listen({}, certificate);
    const accepted = vi.spyOn(TLSSocket.prototype, 'on');
    const { socket, closed } = connectTls(listener);
    await pathOf(socket);
    const server = accepted.mock.contexts.find((context) => context !== socket) as TLSSocket;
    accepted.mockRestore();
    server.emit('error', new Error('ERR_TLS_SESSION_ATTACK'));
    await closed;
    await until(() => ports.closed.length === 1);
  });

  it('refuses TLS 1.1', async () => {
    const { socket, closed } = connectTls(await listen({}, certificate), { maxVersion: 'TLSv1.1' });
    await closed;
    expect(socket.authorized).toBe(false);
    expect(ports.messages).toEqual([]);
  });

  it('gives up a handshake that does not finish, and counts it as a connection meanwhile', async () => {
    const listener = await listen({ handshakeSec: 0.2 }, certificate);
    const { closed } = connect(listener);
    await until(() => listener.connectionCount === 1);
    await closed;
    await until(() => listener.connectionCount === 0);
    expect(ports.closed).toEqual([]);
  });

  it('closes on a handshake that is none', async () => {
    const listener = await listen({}, certificate);
    const { socket, closed } = connect(listener);
    socket.write(bindingRequest());
    await closed;
    await until(() => listener.connectionCount === 0);
  });

  it('shows a new certificate to new connections and keeps the old ones open', async () => {
    const listener = await listen({}, certificate);
    const before = connectTls(listener);
    await pathOf(before.socket);
    const renewed = await makeCertificate('renewed');
    listener.setTlsContext(renewed);
    const after = connectTls(listener, { ca: renewed.cert });
    await pathOf(after.socket);
    expect(after.socket.getPeerCertificate().subject.CN).toBe('renewed');
    await pathOf(before.socket);
  });

  it('keeps its certificate when the new one is unusable', async () => {
    const listener = await listen({}, certificate);
    expect(() => {
      listener.setTlsContext({ cert: 'no PEM', key: certificate.key });
    }).toThrow(expect.objectContaining({ code: 'ERR_CERTIFICATE_UNREADABLE' }));
    await pathOf(connectTls(listener).socket);
  });
});

describe('closing', () => {
  it('ends all connections, also half-open handshakes, and frees the port', async () => {
    const listener = await listen({}, certificate);
    const served = connectTls(listener);
    await pathOf(served.socket);
    const halfOpen = connect(listener);
    await until(() => listener.connectionCount === 2);
    await listener.close();
    await Promise.all([served.closed, halfOpen.closed]);
    const options = streamOptions();
    const again = await StreamListener.listen(listener.local, undefined, options, streamLimits(options, ports), ports);
    expect(again.local).toEqual(listener.local);
    listeners.splice(0, 1, again);
  });

  it('rejects with the coded error when the port is taken', async () => {
    const listener = await listen();
    const options = streamOptions();
    await expect(
      StreamListener.listen(listener.local, undefined, options, streamLimits(options, ports), ports),
    ).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' });
  });
});
