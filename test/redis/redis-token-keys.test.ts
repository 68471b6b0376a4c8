import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { isLater } from '../../src/base/outcome.ts';
import { fail, ok } from '../../src/base/result.ts';
import { type RedisCommands, type Reply } from '../../src/redis/link.ts';
import { RedisTokenKeys } from '../../src/redis/redis-token-keys.ts';
import { eventually } from '../support/settled.ts';

const NOW = { monotonicMs: 0, unixMs: 1_700_000_000_000 };
const NORTH = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEK';
const UNION = 'MTIzNDU2Nzg5MDEyMzQ1Ngo=';

class FakeRedis implements RedisCommands {
  isUp = true;
  reply: unknown = [null, null, null, null];
  readonly asked: string[][] = [];

  request(_key: string, ...command: readonly string[]): Promise<Reply> {
    this.asked.push([...command]);
    return Promise.resolve(this.isUp ? ok({ reply: this.reply }) : fail('unavailable'));
  }

  observe(): () => void {
    return () => undefined;
  }
}

function world() {
  const redis = new FakeRedis();
  const keys = new RedisTokenKeys({ link: redis, clock: { now: () => NOW }, logger: silentLogger });
  return { redis, find: (kid = 'north', now = NOW) => eventually(keys.find(kid, now)) };
}

describe('a key of access tokens in Redis', () => {
  it.each([
    [[NORTH, 'A256GCM', '1699999000', '3600'], 'aes-256-gcm'],
    [[UNION, 'A128GCM', '1699999000', '0'], 'aes-128-gcm'],
    [[NORTH, null, null, null], 'aes-256-gcm'],
  ])('of the fields %j is for %s', async (reply, cipher) => {
    const { redis, find } = world();
    redis.reply = reply;
    const found = await find();
    expect(found.ok && found.value).toMatchObject({ kid: 'north', cipher });
    expect(redis.asked).toEqual([['HMGET', 'turn/oauth/kid/north', 'ikm_key', 'as_rs_alg', 'timestamp', 'lifetime']]);
  });

  it.each([
    ['is not there', [null, null, null, null]],
    ['is not base64', ['no key!', 'A256GCM', null, null]],
    ['is too short for its algorithm', [UNION, 'A256GCM', null, null]],
    ['is for an algorithm that nobody speaks', [NORTH, 'A256CBC-HS512', null, null]],
    ['has ended', [NORTH, 'A256GCM', '1699990000', '10000']],
  ])('is none if it %s', async (_what, reply) => {
    const { redis, find } = world();
    redis.reply = reply;
    expect(await find()).toEqual(ok(undefined));
  });

  it('serves while Redis is away, until its end, and one that was never seen is unavailable', async () => {
    const { redis, find } = world();
    redis.reply = [NORTH, 'A256GCM', '1700000000', '60'];
    const known = await find();
    redis.isUp = false;
    expect(await find()).toEqual(known);
    expect(await find('north', { ...NOW, unixMs: NOW.unixMs + 60_000 })).toEqual(ok(undefined));
    expect(await find('other')).toEqual(fail('unavailable'));
  });

  it('is gone once it is gone from Redis, also when Redis is away after that', async () => {
    const { redis, find } = world();
    redis.reply = [NORTH, null, null, null];
    await find();
    redis.reply = [null, null, null, null];
    expect(await find()).toEqual(ok(undefined));
    redis.isUp = false;
    expect(await find()).toEqual(fail('unavailable'));
  });

  it('is not asked for by what is no kid', async () => {
    const { redis, find } = world();
    for (const kid of ['', 'a b', 'a*', 'a\r\nDEL', 'k'.repeat(128)]) expect(await find(kid)).toEqual(ok(undefined));
    expect(redis.asked).toEqual([]);
  });

  it('comes of no reply by a throw, whatever the reply', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.array(fc.oneof(fc.string(), fc.anything())), async (any, fields) => {
        const { redis, find } = world();
        for (const reply of [any, fields]) {
          redis.reply = reply;
          expect((await find()).ok).toBe(true);
        }
      }),
    );
  });

  it('is asked for once in each lookup, and only when somebody waits for it', () => {
    const redis = new FakeRedis();
    const keys = new RedisTokenKeys({ link: redis, clock: { now: () => NOW }, logger: silentLogger });
    expect(isLater(keys.find('north', NOW))).toBe(true);
    expect(redis.asked).toEqual([]);
  });
});
