import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { RedisLink } from '../../src/redis/link.ts';
import { type RedisOptions } from '../../src/redis/redis-options.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Something that is no Redis: `answer` is called for whatever comes over a connection. */
async function listening(answer: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const options: RedisOptions = {
    kind: 'server',
    nodes: [{ host: '127.0.0.1', port }],
    database: 0,
    timeoutMs: 100,
    maxWaiting: 100,
    masterName: '',
    tls: undefined,
    username: undefined,
    password: undefined,
    sentinelPassword: undefined,
  };
  const link = await RedisLink.open(options, { logger: silentLogger, clock: systemClock });
  ends.push(() => link.close());
  return { link, sockets };
}

it.each([
  ['numbers', ':42\r\n'],
  ['lists', '*2\r\n*1\r\n:1\r\n*0\r\n'],
  ['an empty text', '$-1\r\n'],
  ['garbage', '@\u0000\u0001\r\n'],
  ['errors', '-LOADING\r\n'],
])('a server that answers everything with %s counts as away', async (_what, text) => {
  const { link } = await listening((socket) => socket.write(text));
  expect(link.isUp).toBe(false);
  expect(await link.request('key', 'GET', 'key')).toEqual({ ok: false, reason: 'unavailable' });
});

it('a connection whose answer never ends is given up, and what came of it with it', async () => {
  const dripped = new Set<Socket>();
  const { link, sockets } = await listening((socket) => {
    if (dripped.has(socket)) return;
    dripped.add(socket);
    socket.write('$2147483647\r\n');
    const timer = setInterval(() => socket.write('x'), 5);
    socket.once('close', () => {
      clearInterval(timer);
    });
  });
  expect(link.isUp).toBe(false);
  await expect
    .poll(() => sockets.filter((socket) => dripped.has(socket) && socket.destroyed).length)
    .toBeGreaterThan(2);
});
