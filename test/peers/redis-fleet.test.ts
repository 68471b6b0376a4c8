import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { longTermKey } from '../../src/credentials/long-term-key.ts';
import { type ConfigInput, createServer, type Server } from '../../src/index.ts';
import { registeredWic, WIC_HOME, type RegisteredWic } from '../server/support/registered-wic.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { redisServer, startRedis, until, type RedisPeer } from './redis.ts';

const closers: (() => unknown)[] = [];
const TIMEOUT = 30_000;
const REALM = 'example.com';

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function redis(): Promise<RedisPeer> {
  const started = await startRedis();
  closers.push(() => started[Symbol.asyncDispose]());
  return started;
}

async function started(config: ConfigInput): Promise<Server> {
  const server = await createServer(config, { logger: silentLogger, state: new MemoryState() });
  await server.start();
  closers.push(() => server.stop());
  return server;
}

/** An edge that delivers to whoever reads the Redis. */
function edgeOf({ url }: RedisPeer): Promise<Server> {
  return started({
    ...WIC_HOME,
    edge: { ...WIC_HOME.edge, credential: { uris: ['turn:turn.example.com:3478'] } },
    turn: { enabled: false },
    credentials: { approach: 'delivered' },
    redis: { servers: [url], timeoutMs: 500 },
  });
}

/** A relay that knows nothing but the Redis. */
function relayOf({ url }: RedisPeer): Promise<Server> {
  return started({
    domain: REALM,
    edge: { enabled: false },
    turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    redis: { servers: [url], timeoutMs: 500 },
  });
}

async function registered(server: Server): Promise<RegisteredWic> {
  const wic = await registeredWic(server);
  closers.push(() => wic.close());
  return wic;
}

async function allocate(server: Server, { username, password }: { username: string; password: string }) {
  const client = await TurnClient.connect({ transport: 'udp', server: server.addresses.turn[0]!, username, password });
  closers.push(() => {
    client.close();
  });
  return client.allocate();
}

/** The code of an error response; nothing for a success. */
function refusalOf(allocating: Promise<unknown>): Promise<string> {
  return allocating.then(
    () => '',
    (error: unknown) => (error as Error).message.slice(0, 3),
  );
}

function keyOf(user: string): string {
  return `turn/realm/${REALM}/user/${user}/key`;
}

describe.skipIf(!redisServer)('an edge and a relay that share a Redis', { timeout: TIMEOUT }, () => {
  it('share the credential of a client, in the layout of coturn, for as long as it lives', async () => {
    const store = await redis();
    const [edge, relay] = [await edgeOf(store), await relayOf(store)];
    const { credential } = await registered(edge);
    const { username, password } = credential;
    expect(await store.cli('GET', keyOf(username))).toBe(longTermKey('md5', username, REALM, password).toString('hex'));
    expect(Number(await store.cli('TTL', keyOf(username)))).toBeGreaterThan(3590);
    await allocate(relay, credential);
    expect(relay.sessions()).toMatchObject([{ user: username, keyId: 'delivered' }]);
  });

  it('forget it when the client de-registers', async () => {
    const store = await redis();
    const [edge, relay] = [await edgeOf(store), await relayOf(store)];
    const wic = await registered(edge);
    await allocate(relay, wic.credential);
    await wic.deregister();
    await until(
      async () =>
        (await store.cli('DBSIZE')) === 0 || (await store.cli('EXISTS', keyOf(wic.credential.username))) === 0,
    );
    await expect(allocate(relay, wic.credential)).rejects.toThrow(/401/);
  });

  it('serve a user that a tool of coturn wrote, until the tool deletes it', async () => {
    const store = await redis();
    const relay = await relayOf(store);
    const carol = { username: 'carol', password: 'of coturn' };
    await store.cli('SET', keyOf('carol'), longTermKey('md5', 'carol', REALM, carol.password).toString('hex'));
    await allocate(relay, carol);
    await store.cli('DEL', keyOf('carol'));
    await expect(allocate(relay, carol)).rejects.toThrow(/401/);
  });

  it('refuse a user whose key in Redis is no key', async () => {
    const store = await redis();
    const relay = await relayOf(store);
    await store.cli('SET', keyOf('carol'), 'no key');
    await store.cli('HSET', keyOf('dave'), 'a', 'hash');
    await expect(allocate(relay, { username: 'carol', password: '' })).rejects.toThrow(/401/);
    await expect(allocate(relay, { username: 'dave', password: '' })).rejects.toThrow(/500/);
  });
});

describe.skipIf(!redisServer)('while Redis is away', { timeout: TIMEOUT }, () => {
  it('the edge registers clients and says when to ask for a credential again; when it is back, they get one', async () => {
    const store = await redis();
    const edge = await edgeOf(store);
    await store.kill();
    const wic = await registered(edge);
    expect(wic.answer).toEqual({ kind: 'error', error: 'unavailable', retryAfterSec: 5 });
    await store.start();
    await until(async () => (await wic.refresh())?.kind === 'credential');
    expect(await store.cli('EXISTS', keyOf(wic.credential.username))).toBe(1);
  });

  it('the relay serves the users it has met, until their end, and answers 500 to others', async () => {
    const store = await redis();
    const relay = await relayOf(store);
    const write = (user: string, ...more: string[]) =>
      store.cli('SET', keyOf(user), longTermKey('md5', user, REALM, 'secret').toString('hex'), ...more);
    await write('met', 'EX', '600');
    await write('short', 'PX', '1500');
    await write('stranger');
    const login = (username: string) => allocate(relay, { username, password: 'secret' });
    await login('met');
    await login('short');
    await store.kill();
    await until(async () => (await refusalOf(login('stranger'))) === '500');
    await login('met');
    await until(async () => (await refusalOf(login('short'))) === '401');
  });

  it('a Redis that answers nothing counts as away, and nobody waits longer than the time-out', async () => {
    const store = await redis();
    const [edge, relay] = [await edgeOf(store), await relayOf(store)];
    const { credential } = await registered(edge);
    await allocate(relay, credential);
    store.freeze();
    try {
      await allocate(relay, credential);
      const other = await registeredWic(edge, 'bob');
      closers.push(() => other.close());
      expect(other.answer).toMatchObject({ kind: 'error', error: 'unavailable' });
    } finally {
      store.thaw();
    }
    const wic = await registered(edge);
    await until(async () => (await wic.refresh())?.kind === 'credential');
  });

  it('a server starts all the same, and works once Redis is there', async () => {
    const store = await redis();
    await store.kill();
    const edge = await edgeOf(store);
    const wic = await registered(edge);
    expect(wic.answer).toMatchObject({ error: 'unavailable' });
    await store.start();
    await until(async () => (await wic.refresh())?.kind === 'credential');
  });

  it('a credential that was taken back meanwhile is gone once Redis is there', async () => {
    const store = await redis();
    const edge = await edgeOf(store);
    const wic = await registered(edge);
    store.freeze();
    const ended = new Promise((resolve) => edge.on('registration-ended', resolve));
    await wic.deregister();
    await ended;
    store.thaw();
    await until(async () => (await store.cli('EXISTS', keyOf(wic.credential.username))) === 0);
  });
});
