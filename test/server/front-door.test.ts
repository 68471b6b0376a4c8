import { createServer, type Server } from 'node:https';
import { connect as tcpConnect, type AddressInfo, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Arrivals } from '../../src/base/arrivals.ts';
import { ConnectionLimits } from '../../src/base/connection-limits.ts';
import { alpnAnswer, FrontDoor } from '../../src/server/front-door.ts';
import { HttpConnections } from '../../src/server/http-connections.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';

let certificate: KeyPair;
let server: Server;
let door: FrontDoor;
let limits: ConnectionLimits;
const sockets: Socket[] = [];
const turned: Socket[] = [];
const requested: string[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
});

afterEach(async () => {
  for (const socket of [...sockets.splice(0), ...turned.splice(0)]) socket.destroy();
  door.close();
  await new Promise((resolve) => server.close(resolve));
  requested.length = 0;
});

async function open(requestMs: number, hasTurn = true): Promise<number> {
  const turn = hasTurn
    ? (socket: Socket): void => {
        turned.push(socket);
      }
    : undefined;
  limits = new ConnectionLimits({ connections: 10, connectionsPerAddress: 10 });
  const arrivals = new Arrivals({ limits, proxies: [], headerTimeoutMs: 1000, onRefused: () => undefined });
  const { cert, key } = certificate;
  const connections = new HttpConnections({ requestMs, totalMs: 60_000 }, systemClock);
  server = createServer({ cert, key, ALPNCallback: alpnAnswer(turn) });
  door = new FrontDoor(server, { arrivals, connections, turn });
  server.on('request', ({ url = '' }, response) => {
    requested.push(url);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function secure(port: number, below = tcpConnect(port, '127.0.0.1')): Socket {
  const socket = tlsConnect({ socket: below, ca: certificate.cert, checkServerIdentity: () => undefined });
  sockets.push(socket);
  return socket.on('error', () => undefined).resume();
}

it.each(['stun.turn', 'stun.nat-discovery'])(
  'hands a client of ALPN %s to TURN before it has said anything',
  async (name) => {
    const port = await open(60_000);
    const socket = tlsConnect({
      port,
      host: '127.0.0.1',
      ca: certificate.cert,
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['http/1.1', name],
    });
    sockets.push(socket);
    await vi.waitUntil(() => turned.length === 1, { timeout: 10_000 });
    expect(socket.alpnProtocol).toBe(name);
  },
);

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

it('closes a TLS connection that says nothing', async () => {
  const port = await open(200);
  await closed(secure(port));
  await vi.waitUntil(() => limits.total === 0, { timeout: 10_000 });
  expect(turned).toEqual([]);
});

it('closes a TCP connection that never shakes hands', async () => {
  const port = await open(200);
  const socket = tcpConnect(port, '127.0.0.1')
    .on('error', () => undefined)
    .resume();
  sockets.push(socket);
  await closed(socket);
  await vi.waitUntil(() => limits.total === 0, { timeout: 10_000 });
});

it('lets the first byte take its time, after which a TURN client has all the time and a web client what is left', async () => {
  const port = await open(1000);
  const turn = secure(port);
  const web = secure(port);
  await Promise.all([turn, web].map((socket) => new Promise((resolve) => socket.once('secureConnect', resolve))));
  turn.write(Buffer.from([0]));
  web.write('G');
  await vi.waitUntil(() => turned.length === 1, { timeout: 10_000 });
  await new Promise((resolve) => setTimeout(resolve, 1300));
  await vi.waitUntil(() => web.destroyed, { timeout: 10_000 });
  expect(requested).toEqual([]);
  expect(turned[0]?.destroyed).toBe(false);
  expect(turned[0]?.read()).toEqual(Buffer.from([0]));
});

it('gives the place among the connections back to the web server when a TURN client goes on', async () => {
  const port = await open(1000);
  secure(port).write(Buffer.from([1]));
  await vi.waitUntil(() => turned.length === 1, { timeout: 10_000 });
  expect(limits.total).toBe(0);
  turned[0]?.destroy();
  secure(port).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await vi.waitUntil(() => requested.length === 1, { timeout: 10_000 });
  expect(limits.total).toBe(1);
});

it('survives clients that end or reset before they have said anything', async () => {
  const port = await open(60_000);
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const below = tcpConnect(port, '127.0.0.1');
    const socket = secure(port, below);
    const left = closed(below);
    socket.once('secureConnect', () => (leave === 'end' ? socket.end() : below[leave]()));
    await left;
  }
  await vi.waitUntil(() => limits.total === 0, { timeout: 10_000 });
});

it('ends what is undecided when it closes', async () => {
  const port = await open(60_000);
  const socket = secure(port);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  door.close();
  await closed(socket);
});

it.each(['ends its side', 'is cut'])(
  'lets go of a client that %s before it has said anything, where every client is a web client',
  async (how) => {
    const port = await open(60_000, false);
    const socket = tcpConnect(port, '127.0.0.1');
    sockets.push(socket);
    await vi.waitUntil(() => limits.total === 1, { timeout: 10_000 });
    if (how === 'is cut') socket.resetAndDestroy();
    else socket.end();
    await vi.waitUntil(() => limits.total === 0, { timeout: 10_000 });
  },
);
