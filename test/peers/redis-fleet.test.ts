import { describe, expect, it } from 'vitest';
import { longTermKey } from '../../src/credentials/long-term-key.ts';
import { type Server } from '../../src/index.ts';
import { keyOf, REALM, RedisFleet, refusalOf } from './redis-fleet.ts';
import { redisServer, until } from './redis.ts';

const TIMEOUT = 30_000;

describe.skipIf(!redisServer)('an edge and a relay that share a Redis', { timeout: TIMEOUT }, () => {
  it('share the credential of a client, in the layout of coturn, for as long as it lives', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const [edge, relay] = [await fleet.edge(), await fleet.relay()];
    const { credential } = await fleet.registered(edge);
    const { username, password } = credential;
    expect(await store.cli('GET', keyOf(username))).toBe(longTermKey('md5', username, REALM, password).toString('hex'));
    expect(Number(await store.cli('TTL', keyOf(username)))).toBeGreaterThan(3590);
    await fleet.allocate(relay, credential);
    expect(relay.sessions()).toMatchObject([{ user: username, keyId: 'delivered' }]);
  });

  it('forget it when the client de-registers', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const [edge, relay] = [await fleet.edge(), await fleet.relay()];
    const wic = await fleet.registered(edge);
    await fleet.allocate(relay, wic.credential);
    await wic.deregister();
    await until(
      async () =>
        (await store.cli('DBSIZE')) === 0 || (await store.cli('EXISTS', keyOf(wic.credential.username))) === 0,
    );
    await expect(fleet.allocate(relay, wic.credential)).rejects.toThrow(/401/);
  });

  it('serve a user that a tool of coturn wrote, until the tool deletes it', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const relay = await fleet.relay();
    const carol = { username: 'carol', password: 'of coturn' };
    await store.cli('SET', keyOf('carol'), longTermKey('md5', 'carol', REALM, carol.password).toString('hex'));
    await fleet.allocate(relay, carol);
    await store.cli('DEL', keyOf('carol'));
    await expect(fleet.allocate(relay, carol)).rejects.toThrow(/401/);
  });

  it('count a user once over all credentials, whichever edge made them', async () => {
    await using fleet = await RedisFleet.start();
    const edges = [await fleet.edge(), await fleet.edge()];
    const relay = await fleet.relay({}, { perUser: 2 });
    const allocations = await Promise.all(
      edges
        .flatMap((edge) => [fleet.registered(edge), fleet.registered(edge)])
        .map(async (registering) => {
          const { credential } = await registering;
          return refusalOf(fleet.allocate(relay, credential));
        }),
    );
    expect(allocations.sort()).toEqual(['', '', '486', '486']);
  });

  it('go on over a restart of the edge', async () => {
    await using fleet = await RedisFleet.start();
    const [edge, relay] = [await fleet.edge(), await fleet.relay()];
    const before = await fleet.registered(edge);
    await edge.restart();
    const after = await fleet.registered(edge);
    for (const { credential } of [before, after]) await fleet.allocate(relay, credential);
  });

  it('refuse a user whose key in Redis is no key', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const relay = await fleet.relay();
    await store.cli('SET', keyOf('carol'), 'no key');
    await store.cli('HSET', keyOf('dave'), 'a', 'hash');
    await expect(fleet.allocate(relay, { username: 'carol', password: '' })).rejects.toThrow(/401/);
    await expect(fleet.allocate(relay, { username: 'dave', password: '' })).rejects.toThrow(/500/);
  });
});

describe.skipIf(!redisServer)('while Redis is away', { timeout: TIMEOUT }, () => {
  it('the edge registers clients and says when to ask for a credential again; when it is back, they get one', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const edge = await fleet.edge();
    await store.kill();
    const wic = await fleet.registered(edge);
    expect(wic.answer).toEqual({ kind: 'error', error: 'unavailable', retryAfterSec: 5 });
    await store.start();
    await until(async () => (await wic.refresh())?.kind === 'credential');
    expect(await store.cli('EXISTS', keyOf(wic.credential.username))).toBe(1);
  });

  it('the relay serves the users it has met, until their end, and answers 500 to others', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const relay = await fleet.relay();
    const write = (user: string, ...more: string[]) =>
      store.cli('SET', keyOf(user), longTermKey('md5', user, REALM, 'secret').toString('hex'), ...more);
    await write('met', 'EX', '600');
    await write('short', 'PX', '1500');
    await write('stranger');
    const login = (username: string) => fleet.allocate(relay, { username, password: 'secret' });
    await login('met');
    await login('short');
    await store.kill();
    await until(async () => (await refusalOf(login('stranger'))) === '500');
    await login('met');
    await until(async () => (await refusalOf(login('short'))) === '401');
  });

  it('a Redis that answers nothing counts as away, and nobody waits longer than the time-out', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const [edge, relay] = [await fleet.edge(), await fleet.relay()];
    const { credential } = await fleet.registered(edge);
    await fleet.allocate(relay, credential);
    store.freeze();
    try {
      await fleet.allocate(relay, credential);
      const other = await fleet.registered(edge, 'bob');
      expect(other.answer).toMatchObject({ kind: 'error', error: 'unavailable' });
    } finally {
      store.thaw();
    }
    const wic = await fleet.registered(edge);
    await until(async () => (await wic.refresh())?.kind === 'credential');
  });

  it('a server starts all the same, and works once Redis is there', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    await store.kill();
    const edge = await fleet.edge();
    const wic = await fleet.registered(edge);
    expect(wic.answer).toMatchObject({ error: 'unavailable' });
    await store.start();
    await until(async () => (await wic.refresh())?.kind === 'credential');
  });

  it('a Redis that comes back without what it knew is given the good credentials again, and no others', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const [edge, relay] = [await fleet.edge(), await fleet.relay()];
    const good = await fleet.registered(edge);
    const gone = await fleet.registered(edge, 'bob');
    await store.kill();
    await gone.deregister();
    await store.start();
    const isGood = async () => (await refusalOf(fleet.allocate(relay, good.credential))) === '';
    await until(isGood);
    expect(Number(await store.cli('TTL', keyOf(good.credential.username)))).toBeGreaterThan(3500);
    expect(await store.cli('EXISTS', keyOf(gone.credential.username))).toBe(0);
    await store.cli('DEL', keyOf(good.credential.username));
    await until(async () => !(await isGood()));
  });

  it('a credential that was taken back meanwhile is gone once Redis is there', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const edge = await fleet.edge();
    const wic = await fleet.registered(edge);
    store.freeze();
    const ended = new Promise((resolve) => edge.on('registration-ended', resolve));
    await wic.deregister();
    await ended;
    store.thaw();
    await until(async () => (await store.cli('EXISTS', keyOf(wic.credential.username))) === 0);
  });
});

describe.skipIf(!redisServer)('a revocation in a fleet', { timeout: TIMEOUT }, () => {
  /** Resolves with the milliseconds until no allocation is left. */
  async function emptied(servers: readonly Server[]): Promise<number> {
    const startMs = performance.now();
    await Promise.all(servers.map((one) => until(() => one.sessions().length === 0)));
    return performance.now() - startMs;
  }

  it('by de-registration ends the allocations on every relay within a second', async () => {
    await using fleet = await RedisFleet.start();
    const edge = await fleet.edge();
    const relays = [await fleet.relay(), await fleet.relay()];
    const wic = await fleet.registered(edge);
    for (const relay of relays) await fleet.allocate(relay, wic.credential);
    await wic.deregister();
    expect(await emptied(relays)).toBeLessThan(1000);
    for (const relay of relays) await expect(fleet.allocate(relay, wic.credential)).rejects.toThrow(/401/);
  });

  it('by an operator at one relay ends them at the other, and takes the credential from the Redis', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const edge = await fleet.edge();
    const relays = [await fleet.relay(), await fleet.relay()] as const;
    const { credential } = await fleet.registered(edge);
    for (const relay of relays) await fleet.allocate(relay, credential);
    relays[0].revokeName(credential.username);
    expect(await emptied(relays)).toBeLessThan(1000);
    await until(async () => (await store.cli('EXISTS', keyOf(credential.username))) === 0);
  });

  it('while Redis is away reaches the others when it is back, although it has forgotten everything', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const edge = await fleet.edge();
    const relays = [await fleet.relay(), await fleet.relay()] as const;
    const { credential } = await fleet.registered(edge);
    for (const relay of relays) await fleet.allocate(relay, credential);
    await store.kill();
    relays[0].revokeName(credential.username);
    expect(relays.map((relay) => relay.sessions().length)).toEqual([0, 1]);
    await store.start();
    await emptied(relays);
    const late = await fleet.relay();
    await until(async () => (await refusalOf(fleet.allocate(late, credential))) === '401');
  });
});

describe.skipIf(!redisServer)('dashboards of coturn', { timeout: TIMEOUT }, () => {
  it('are told of an allocation on its channels, in the words of coturn', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const relay = await fleet.relay({ publishAllocations: true });
    await store.cli('SET', keyOf('carol'), longTermKey('md5', 'carol', REALM, 'secret').toString('hex'));
    const heard = fleet.own(await store.hear('turn/realm/*/user/*/allocation/*'));
    const client = await fleet.allocate(relay, { username: 'carol', password: 'secret' });
    const at = `turn/realm/${REALM}/user/carol/allocation/${relay.sessions()[0]!.allocationId}`;
    await client.refresh(600);
    await client.refresh(0);
    await until(() => heard.messages.length === 4);
    expect(heard.messages).toEqual([
      [`${at}/status`, 'new lifetime=600'],
      [`${at}/status`, 'refreshed lifetime=600'],
      [`${at}/status`, 'deleted'],
      [`${at}/total_traffic`, 'rcvp=0, rcvb=0, sentp=0, sentb=0'],
    ]);
  });
});
