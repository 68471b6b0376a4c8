import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ClientLeg } from '../../../src/turn/dataplane/node/relay-state.ts';
import {
  streamLimits,
  StreamListener,
  type StreamListenerOptions,
} from '../../../src/turn/transports/stream-listener.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type KeyPair } from '../../../src/base/key-pair.ts';
import { bindingRequest, heard, type Heard, Linked, streamOptions } from './support.ts';

const LOCAL = { family: 4, address: '127.0.0.1', port: 0 } as const;
const LOOPBACK = ['127.0.0.0/8'];
const SIGNATURE = '0d0a0d0a000d0a515549540a';
const V1 = Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 40000 3478\r\n');
const V2 = Buffer.from(`${SIGNATURE}2111000fcb007108c00002019c400d96030000`, 'hex');
const V2_LOCAL = Buffer.from(`${SIGNATURE}20000000`, 'hex');

let certificate: KeyPair;
let ports: Heard;
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

interface Setup {
  readonly options?: Partial<StreamListenerOptions>;
  readonly tls?: KeyPair;
  readonly proxies?: readonly string[];
}

async function listen({ options: overrides, tls, proxies = LOOPBACK }: Setup = {}): Promise<StreamListener> {
  const options = streamOptions(overrides);
  const listener = await StreamListener.listen(LOCAL, tls, options, streamLimits(options, ports), ports, proxies);
  listeners.push(listener);
  return listener;
}

function connect({ local }: StreamListener): Socket {
  const socket = tcpConnect({ host: local.address, port: local.port, noDelay: true });
  sockets.push(socket);
  return socket.on('error', () => undefined);
}

function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 10_000, interval: 5 });
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.resume().once('close', resolve));
}

it.each([
  ['version 1', V1, '203.0.113.7'],
  ['version 2 with a TLV', V2, '203.0.113.8'],
])('takes the client from the header: %s', async (_what, header, address) => {
  const listener = await listen();
  const socket = connect(listener);
  socket.write(Buffer.concat([header, bindingRequest(1), bindingRequest(2)]));
  await until(() => ports.messages.length === 2);
  const [{ client, bytes }] = ports.messages as [Heard['messages'][0]];
  expect(client.remote).toEqual({ family: 4, address, port: 40_000 });
  expect(client.local).toEqual(listener.local);
  expect(bytes).toEqual(bindingRequest(1));
});

it('takes the address of the connection when the proxy speaks for itself', async () => {
  const socket = connect(await listen());
  socket.write(Buffer.concat([V2_LOCAL, bindingRequest()]));
  await until(() => ports.messages.length === 1);
  expect(ports.messages[0]?.client.remote).toMatchObject({ address: '127.0.0.1', port: socket.localPort });
});

it('takes the header off before TLS, also byte by byte', async () => {
  const listener = await listen({ tls: certificate });
  const below = connect(listener);
  for (const byte of V1) {
    below.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const socket = tlsConnect({ socket: below, ca: certificate.cert, checkServerIdentity: () => undefined });
  sockets.push(socket);
  socket.write(bindingRequest());
  await until(() => ports.messages.length === 1);
  expect(ports.messages[0]?.client).toMatchObject({
    transport: 'tls',
    remote: { family: 4, address: '203.0.113.7', port: 40_000 },
  });
});

it.each([
  ['no header but STUN', bindingRequest()],
  ['a header that is wrong', Buffer.from('PROXY TCP4 203.0.113.7\r\n')],
  ['a header without end', Buffer.concat([Buffer.from('PROXY TCP4 '), Buffer.alloc(200, 0x31)])],
  ['a header that is too long', Buffer.from(`${SIGNATURE}2111ffff`, 'hex')],
])('closes a connection of a proxy with %s', async (_what, bytes) => {
  const listener = await listen();
  const socket = connect(listener);
  socket.write(bytes);
  await closed(socket);
  expect(ports.messages).toEqual([]);
  expect(ports.drops.snapshot()['proxy-protocol']).toBe(1);
  await until(() => listener.connectionCount === 0);
});

it('closes a connection whose header does not come in time', async () => {
  const socket = connect(await listen({ options: { handshakeSec: 0.2 } }));
  socket.write(V1.subarray(0, 10));
  await closed(socket);
  expect(ports.drops.snapshot()['proxy-protocol']).toBe(1);
});

it('believes nobody else: a connection from elsewhere is closed, whatever it says', async () => {
  const socket = connect(await listen({ proxies: ['192.0.2.0/24'] }));
  socket.write(Buffer.concat([V1, bindingRequest()]));
  await closed(socket);
  expect(ports.messages).toEqual([]);
});

it('believes nobody where no proxy is listed: the header is no TURN', async () => {
  const socket = connect(await listen({ proxies: [], options: { idleUnauthenticatedSec: 0.2 } }));
  socket.write(Buffer.concat([V1, bindingRequest()]));
  await closed(socket);
  expect(ports.messages).toEqual([]);
});

it('counts the clients behind a proxy each by their own address', async () => {
  const listener = await listen({ options: { connectionsPerAddress: 1 } });
  const seven = connect(listener);
  const eight = connect(listener);
  seven.write(Buffer.concat([V1, bindingRequest()]));
  eight.write(Buffer.concat([V2, bindingRequest()]));
  await until(() => ports.messages.length === 2);
  for (const { client } of ports.messages) {
    const link = new Linked(ports, client);
    link.leg = new ClientLeg(link);
  }
  const again = connect(listener);
  again.write(Buffer.concat([V1, bindingRequest()]));
  await closed(again);
  expect(ports.drops.snapshot()['connection-limit']).toBe(1);
  seven.destroy();
  await until(() => listener.connectionCount === 1);
  connect(listener).write(Buffer.concat([V1, bindingRequest()]));
  await until(() => ports.messages.length === 3);
});

it('counts connections that have not named their client among all', async () => {
  const listener = await listen({ options: { connections: 2 } });
  const silent = [connect(listener), connect(listener)];
  await until(() => listener.connectionCount === 2);
  await closed(connect(listener));
  for (const socket of silent) socket.destroy();
  await until(() => listener.connectionCount === 0);
  connect(listener).write(Buffer.concat([V1, bindingRequest()]));
  await until(() => ports.messages.length === 1);
});

it('keeps two clients apart that come with one address through two connections', async () => {
  const listener = await listen();
  for (let i = 0; i < 2; i++) connect(listener).write(Buffer.concat([V1, bindingRequest()]));
  await until(() => ports.messages.length === 2);
  const keys = ports.messages.map(({ client }) => client.key);
  expect(new Set(keys).size).toBe(2);
});
