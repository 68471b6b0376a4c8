import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { fail, ok } from '../../src/base/result.ts';
import { type RedisCommands, type Reply } from '../../src/redis/link.ts';
import { RedisUserKeys } from '../../src/redis/redis-user-keys.ts';
import { eventually } from '../support/settled.ts';

const name = { user: 'alice', realm: 'ims.example' };
const NOW = { monotonicMs: 0, unixMs: 1_700_000_000_000 };
const KEY = '0123456789abcdef0123456789ABCDEF';

/** Answers what it is given, by command and the last part of the key. */
class FakeRedis implements RedisCommands {
  isUp = true;
  readonly asked: string[] = [];
  answers: Partial<Record<'GET key' | 'PTTL key' | 'GET person', unknown>> = {};

  request(key: string, command: string): Promise<Reply> {
    this.asked.push(`${command} ${key}`);
    if (!this.isUp) return Promise.resolve(fail('unavailable'));
    const reply = this.answers[`${command} ${key.split('/').at(-1) ?? ''}` as keyof typeof this.answers] ?? null;
    return Promise.resolve(ok({ reply }));
  }

  there: (() => void) | undefined;

  observe(there: () => void): () => void {
    this.there = there;
    return () => undefined;
  }
}

function world(maxRemembered = 100) {
  const redis = new FakeRedis();
  const time = { ...NOW };
  const clock = { now: () => ({ ...time }) };
  const keys = new RedisUserKeys({ link: redis, clock, logger: silentLogger, maxRemembered });
  return { redis, keys, time, find: (who = name, now = NOW) => eventually(keys.find(who, now)) };
}

describe('a user in Redis', () => {
  it('has the key, the end and the person that are written there', async () => {
    const { redis, find } = world();
    redis.answers = { 'GET key': KEY, 'PTTL key': 1500, 'GET person': 'handle' };
    expect(await find()).toEqual(ok({ key: Buffer.from(KEY, 'hex'), person: 'handle', expiresAtSec: 1_700_000_002 }));
  });

  it('may have neither end nor person', async () => {
    const { redis, find } = world();
    redis.answers = { 'GET key': KEY, 'PTTL key': -1 };
    expect(await find()).toEqual(ok({ key: Buffer.from(KEY, 'hex') }));
  });

  it.each([
    ['is not there', { 'GET key': null, 'PTTL key': -2 }],
    ['has gone between two commands', { 'GET key': KEY, 'PTTL key': -2 }],
    ['has no key of 32 hexadecimal digits', { 'GET key': `${KEY}0`, 'PTTL key': -1 }],
    ['has a key with something behind it', { 'GET key': `${KEY}\n`, 'PTTL key': -1 }],
  ])('is nobody if it %s', async (_what, answers) => {
    const { redis, find, keys } = world();
    redis.answers = answers;
    expect(await find()).toEqual(ok(undefined));
    expect(keys.remembered).toBe(0);
  });

  it('is asked for each time, and forgotten once it is gone', async () => {
    const { redis, find, keys } = world();
    redis.answers = { 'GET key': KEY, 'PTTL key': -1 };
    await find();
    expect(keys.remembered).toBe(1);
    redis.answers = {};
    expect(await find()).toEqual(ok(undefined));
    expect(keys.remembered).toBe(0);
  });

  it('is not asked for if no USERNAME can be so long', async () => {
    const { redis, find } = world();
    expect(await find({ ...name, user: 'x'.repeat(513) })).toEqual(ok(undefined));
    expect(redis.asked).toEqual([]);
  });

  it('is remembered while Redis is away, until its end, and no more than so many', async () => {
    const { redis, find } = world(1);
    redis.answers = { 'GET key': KEY, 'PTTL key': 1000 };
    await find({ ...name, user: 'bob' });
    await find();
    redis.isUp = false;
    expect(await find()).toMatchObject({ ok: true, value: { expiresAtSec: 1_700_000_001 } });
    expect(await find({ ...name, user: 'bob' })).toEqual(fail('unavailable'));
    expect(await find(name, { ...NOW, unixMs: NOW.unixMs + 1000 })).toEqual(ok(undefined));
  });

  it('is remembered for three seconds after Redis came back without it, in which it may be delivered once more', async () => {
    const { redis, find, time } = world();
    redis.answers = { 'GET key': KEY, 'PTTL key': 600_000 };
    await find();
    redis.answers = {};
    redis.there?.();
    time.monotonicMs = 2999;
    expect(await find()).toMatchObject({ ok: true, value: { expiresAtSec: 1_700_000_600 } });
    expect(await find({ ...name, user: 'bob' })).toEqual(ok(undefined));
    time.monotonicMs = 3000;
    expect(await find()).toEqual(ok(undefined));
  });

  it('causes no exception, whatever Redis answers', async () => {
    const answer = fc.oneof(fc.anything(), fc.string(), fc.integer(), fc.constant(KEY));
    await fc.assert(
      fc.asyncProperty(answer, answer, answer, async (key, leftMs, person) => {
        const { redis, find } = world();
        redis.answers = { 'GET key': key, 'PTTL key': leftMs, 'GET person': person };
        const found = await find();
        expect(found.ok).toBe(true);
        if (found.ok && found.value) expect(found.value.key).toHaveLength(16);
      }),
    );
  });
});
