import { request as httpsRequest } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbuseLog } from '../../src/base/abuse-log.ts';
import { systemClock } from '../../src/base/clock.ts';
import { inPieces } from '../../src/http/page-assets.ts';
import { silentLogger, type LogFields } from '../../src/base/logger.ts';
import { type HttpEnv } from '../../src/http/http-env.ts';
import { HttpsListeners } from '../../src/server/https-listeners.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';

const PATIENTLY = { timeout: 20_000, interval: 20 };
const PAGE = new Uint8Array(4_000_000).fill(97);
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

type Options = Partial<Parameters<typeof HttpsListeners.open>[0]>;

let certificate: KeyPair;
let listeners: HttpsListeners;
let lines: { fields: LogFields; message: string }[];
/** How often each path was asked for, as the application saw it. */
let asked: Map<string, number>;
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
});
beforeEach(() => {
  lines = [];
  asked = new Map();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listeners.close();
});

async function open(options: Options = {}): Promise<number> {
  const app = new Hono<HttpEnv>();
  app.use(async ({ req }, next) => {
    asked.set(req.path, (asked.get(req.path) ?? 0) + 1);
    await next();
  });
  app.get('/', (context) => context.text('hello\n'));
  app.get('/page', (context) => context.body(inPieces(PAGE), 200, { 'Content-Length': String(PAGE.length) }));
  app.onError((_error, { text }) => text('', 500));
  app.post('/', async ({ req, text }) => text(await req.text()));
  app.get('/slow', async (context) => {
    const letGo = context.env.holdConnection();
    await sleep(1200);
    letGo();
    return context.text('at last\n');
  });
  const logger = { ...silentLogger, warn: (fields: LogFields, message: string) => lines.push({ fields, message }) };
  const limits = { connections: 200, connectionsPerAddress: 200 };
  const place = { addresses: ['127.0.0.1'], port: 0, ...certificate };
  const times = { requestMs: 400, totalMs: 1000 };
  listeners = await HttpsListeners.open(
    { ...place, limits, times, ...options },
    () => Promise.resolve(app as unknown as Hono),
    {
      logger,
      abuseLog: new AbuseLog(logger, 0),
      clock: systemClock,
    },
  );
  return listeners.addresses[0]!.port;
}

/** A client that reads nothing until it is told to. */
async function client(port: number, localAddress = '127.0.0.1'): Promise<TLSSocket> {
  const below = tcpConnect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
  const socket = tlsConnect({ socket: below, rejectUnauthorized: false }).on('error', () => undefined);
  sockets.push(socket);
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve).once('close', reject);
  });
  return socket;
}

/** Everything that comes until the connection ends. */
async function readAll(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await vi.waitUntil(() => socket.closed, PATIENTLY);
  return text;
}

function ended(socket: TLSSocket): Promise<unknown> {
  socket.resume();
  return vi.waitUntil(() => socket.closed, PATIENTLY);
}

function openOnes(): Promise<number> {
  return new Promise((resolve, reject) => {
    listeners.servers[0]!.getConnections((error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}

describe('a connection ends, whatever its client does:', () => {
  it.each([
    ['says nothing', ''],
    ['sends half of a request head', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['sends half of a request body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf'],
    [
      'waits for leave and then sends no body',
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
    ],
    ['asks to keep an HTTP/1.0 connection', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
    ['asks for a tunnel', 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'],
    [
      'asks for a protocol that nobody here speaks',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    ],
    ['keeps a connection without asking again', GET],
  ])('it %s', async (_what, text) => {
    const socket = await client(await open());
    socket.write(text);
    await ended(socket);
  });

  it('it sends a request head letter by letter', async () => {
    const socket = await client(await open());
    const timer = setInterval(() => socket.write('a'), 50);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nX: ');
    await ended(socket).finally(() => {
      clearInterval(timer);
    });
  });

  it('it asks again and again', async () => {
    const socket = await client(await open());
    const timer = setInterval(() => socket.write(GET), 100);
    const text = await readAll(socket).finally(() => {
      clearInterval(timer);
    });
    // Late answers say that they are the last, so that no honest client is cut while it waits.
    expect(text.match(/^Connection: .*/gim)).toEqual(
      [...text.matchAll(/Connection: keep-alive/gi)].map(String).concat('Connection: close'),
    );
  });

  it('it never ends its TLS handshake', async () => {
    const socket = tcpConnect(await open(), '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
    await vi.waitUntil(() => socket.closed, PATIENTLY);
  });
});

it(
  '140 connections that ask for a page again and again and read nothing are gone after the deadline',
  { timeout: 60_000 },
  async () => {
    const port = await open({ times: { requestMs: 8000, totalMs: 8000 } });
    const served: TLSSocket[] = [];
    listeners.servers[0]!.on('secureConnection', (socket) => served.push(socket));
    const clients = await Promise.all(Array.from({ length: 140 }, () => client(port)));
    for (const socket of clients) socket.write('GET /page HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5));
    const waiting = (): number[] => served.map(({ writableLength }) => writableLength);
    await vi.waitUntil(() => asked.get('/page') === 140 && waiting().every((bytes) => bytes > 0), PATIENTLY);
    // Of 4 MB to each hardly more than a piece.
    expect(Math.max(...waiting())).toBeLessThan(100_000);
    await vi.waitUntil(async () => (await openOnes()) === 0, PATIENTLY);
    expect(asked.get('/page')).toBe(140);
  },
);

it('requests that are sent ahead of an answer are not answered, and the connection ends with the answer', async () => {
  const socket = await client(await open());
  socket.write(GET.repeat(3));
  const text = await readAll(socket);
  expect(text.match(/^HTTP.*/gm)).toEqual(['HTTP/1.1 200 OK']);
  expect(text).toMatch(/^Connection: close\r$/m);
  expect(text).toMatch(/hello\n$/);
  expect(asked.get('/')).toBe(1);
});

it('a flood of requests sent ahead is cut', async () => {
  const socket = await client(await open());
  socket.write(GET.repeat(10_000));
  await ended(socket);
  expect(asked.get('/') ?? 0).toBeLessThan(2);
});

it('requests one after the other share a connection, up to a hundred', async () => {
  const port = await open({ times: { requestMs: 20_000, totalMs: 20_000 } });
  const socket = await client(port);
  let text = '';
  let answers = 0;
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    if (!text.endsWith('hello\n')) return;
    text = '';
    answers += 1;
    if (answers < 150) socket.write(GET);
  });
  socket.write(GET);
  await vi.waitUntil(() => socket.closed, PATIENTLY);
  expect(answers).toBe(100);
});

it('an answer that is held by its route takes its time', async () => {
  const port = await open({ times: { requestMs: 300, totalMs: 600 } });
  const socket = await client(port);
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await readAll(socket)).toMatch(/^HTTP\/1.1 200 [^]*at last\n$/);
});

it('where all places are taken, whoever holds most of them makes room for others', async () => {
  const times = { requestMs: 60_000, totalMs: 60_000 };
  const port = await open({ times, limits: { connections: 40, connectionsPerAddress: 30 } });
  const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
  const held = await Promise.all(hosts.flatMap((host) => Array.from({ length: 13 }, () => client(port, host))));
  const honest = await client(port);
  for (let i = 0; i < 20; i++) held.push(await client(port, hosts[i % 3]));
  expect(await openOnes()).toBe(40);
  honest.write(GET);
  expect(await readAll(honest)).toContain('hello');
});

it('where one address has taken all its places, its oldest connection makes room for its next, and no one elsewhere', async () => {
  const times = { requestMs: 60_000, totalMs: 60_000 };
  const port = await open({ times, limits: { connections: 40, connectionsPerAddress: 3 } });
  const elsewhere = await client(port, '127.0.0.12');
  const held = [];
  for (let i = 0; i < 3; i++) held.push(await client(port, '127.0.0.11'));
  const next = await client(port, '127.0.0.11');
  await ended(held[0]!);
  next.write(GET);
  expect(await readAll(next)).toContain('hello');
  expect([elsewhere, ...held.slice(1)].every(({ closed }) => !closed)).toBe(true);
});

it('an address that asks for too much is answered 429 with Retry-After, and others are served', async () => {
  const requests = { perSec: 0.1, burst: 3, maxKeys: 64, exempt: ['127.0.0.99'] };
  const port = await open({ requests });
  const status = (localAddress: string): Promise<unknown[]> =>
    new Promise((resolve, reject) => {
      const agent = false;
      httpsRequest({ port, host: '127.0.0.1', localAddress, agent, rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve([response.statusCode, response.headers['retry-after'], response.headers.connection]);
      })
        .on('error', reject)
        .end();
    });
  const several = async (address: string): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (let i = 0; i < 4; i++) all.push(await status(address));
    return all;
  };
  const served = [200, undefined, 'close'];
  expect(await several('127.0.0.66')).toEqual([served, served, served, [429, '10', 'close']]);
  expect(await several('127.0.0.99')).toEqual([served, served, served, served]);
  expect(await status('127.0.0.77')).toEqual(served);
  expect(asked.get('/')).toBe(8);
  const fields = { remoteAddress: '127.0.0.66', cause: 'http-request-rate' };
  expect(lines).toEqual([{ message: 'limit reached', fields }]);
});

it('a client cannot ask for another TLS handshake on its connection', async () => {
  const below = tcpConnect(await open(), '127.0.0.1').on('error', () => undefined);
  const socket = tlsConnect({ socket: below, rejectUnauthorized: false, maxVersion: 'TLSv1.2' }).on(
    'error',
    () => undefined,
  );
  sockets.push(socket);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const onAnother = vi.fn();
  socket.renegotiate({ rejectUnauthorized: false }, onAnother);
  await ended(socket);
  expect(onAnother).not.toHaveBeenCalledWith(null);
});
