import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, ok } from '../../src/base/result.ts';
import { RevocationList } from '../../src/credentials/revocation/revocation-list.ts';
import { type Reply } from '../../src/redis/link.ts';
import { RevocationFeed } from '../../src/redis/revocation-feed.ts';
import { REVOCATIONS } from '../../src/redis/revocation-writer.ts';

const NOW_MS = 1_700_000_000_000;
const UNTIL_SEC = 1_700_003_600;
let nowMs = NOW_MS;
const clock = { now: () => ({ monotonicMs: nowMs, unixMs: nowMs }) };

/** One Redis for some processes: the sorted set, the channel and keys with an end. */
class FakeRedis {
  readonly members = new Map<string, number>();
  readonly keys = new Map<string, number>();
  readonly links: FakeLink[] = [];
  commands = 0;

  run([name, ...args]: readonly string[]): unknown {
    this.commands += 1;
    const sorted = [...this.members].sort(([, a], [, b]) => a - b);
    switch (name) {
      case 'ZADD':
        return this.members.set(args[2]!, Number(args[1])).size;
      case 'ZRANGEBYSCORE':
        return sorted
          .filter(([, score]) => score >= Number(args[1]))
          .map(([member]) => member)
          .slice(Number(args[4]), Number(args[4]) + Number(args[5]));
      case 'ZRANGE':
        return sorted.slice(0, Number(args[2]) + 1).map(([member]) => member);
      case 'ZREM':
        return args.slice(1).filter((member) => this.members.delete(member)).length;
      case 'ZREMRANGEBYRANK': {
        const gone = sorted.slice(0, Math.max(0, sorted.length + Number(args[2]) + 1));
        for (const [member] of gone) this.members.delete(member);
        return gone.length;
      }
      case 'EXISTS':
        return this.members.size > 0 ? 1 : 0;
      case 'PTTL':
        return this.keys.get(args[0]!) ?? -2;
      case 'DEL':
        return this.keys.delete(args[0]!) ? 1 : 0;
      case 'PUBLISH':
        for (const link of this.links.filter(({ isUp, isDeaf }) => isUp && !isDeaf)) link.hear?.(args[1]!);
        return 1;
      default:
        throw new Error(name);
    }
  }
}

class FakeLink {
  isUp = true;
  isDeaf = false;
  hear: ((message: string) => void) | undefined;
  #there: (() => void) | undefined;
  readonly #redis: FakeRedis;

  constructor(redis: FakeRedis) {
    this.#redis = redis;
    redis.links.push(this);
  }

  request(_key: string, ...command: string[]): Promise<Reply> {
    return Promise.resolve(this.isUp ? ok({ reply: this.#redis.run(command) }) : fail('unavailable'));
  }

  subscribe(channel: string, hear: (message: string) => void): void {
    expect(channel).toBe(REVOCATIONS);
    this.hear = hear;
  }

  observe(there: () => void): () => void {
    this.#there = there;
    return () => undefined;
  }

  back(): void {
    this.isUp = true;
    this.#there?.();
  }
}

const feeds: RevocationFeed[] = [];

function processOf(redis: FakeRedis, max = 1000) {
  const link = new FakeLink(redis);
  const revocations = new RevocationList({ max });
  const standing = () => revocations.all(clock.now());
  const feed = new RevocationFeed({ link, revocations, standing, clock, realm: 'ims.example', max });
  feed.start();
  feeds.push(feed);
  const revoke = (user: string, untilSec = UNTIL_SEC) => {
    revocations.revoke({ user, untilSec }, clock.now());
  };
  return { link, revocations, revoke, knows: (user: string) => revocations.isRevoked(user, clock.now()) };
}

/** Lets what was asked be answered. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  nowMs = NOW_MS;
  vi.useFakeTimers();
});

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.stop();
  vi.useRealTimers();
});

describe('a revocation', () => {
  it('reaches every process that shares the Redis, and is told once', async () => {
    const redis = new FakeRedis();
    const [one, other] = [processOf(redis), processOf(redis)];
    await settle();
    const before = redis.commands;
    one.revoke('u1');
    await settle();
    expect(other.knows('u1')).toBe(true);
    // ZADD, PUBLISH, PTTL.
    expect(redis.commands - before).toBe(3);
  });

  it('reaches a process that starts later', async () => {
    const redis = new FakeRedis();
    processOf(redis).revoke('u1');
    await settle();
    const late = processOf(redis);
    await settle();
    expect(late.knows('u1')).toBe(true);
  });

  it('reaches a process whose messages were lost, five seconds later at most', async () => {
    const redis = new FakeRedis();
    const [one, other] = [processOf(redis), processOf(redis)];
    await settle();
    other.link.isDeaf = true;
    one.revoke('u1');
    await settle();
    expect(other.knows('u1')).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(other.knows('u1')).toBe(true);
  });

  it('made while Redis is away counts here at once, and elsewhere when it is back', async () => {
    const redis = new FakeRedis();
    const [one, other] = [processOf(redis), processOf(redis)];
    await settle();
    one.link.isUp = other.link.isUp = false;
    one.revoke('u1');
    await settle();
    expect([one.knows('u1'), other.knows('u1')]).toEqual([true, false]);
    other.link.back();
    one.link.back();
    await settle();
    expect(other.knows('u1')).toBe(true);
  });

  it('is written again by who knows it when Redis has lost what it knew', async () => {
    const redis = new FakeRedis();
    const one = processOf(redis);
    one.revoke('u1');
    await settle();
    redis.members.clear();
    one.link.back();
    await settle();
    const late = processOf(redis);
    await settle();
    expect(late.knows('u1')).toBe(true);
  });

  it('takes a delivered credential away, and leaves a user without an end alone', async () => {
    const redis = new FakeRedis();
    const key = (user: string) => `turn/realm/ims.example/user/${user}/key`;
    redis.keys.set(key('delivered'), 60_000).set(key('carol'), -1);
    const one = processOf(redis);
    one.revoke('delivered');
    one.revoke('carol');
    await settle();
    expect([...redis.keys.keys()]).toEqual([key('carol')]);
  });

  it('leaves the sorted set when its credentials have ended', async () => {
    const redis = new FakeRedis();
    const one = processOf(redis);
    one.revoke('short', NOW_MS / 1000 + 60);
    one.revoke('long');
    await settle();
    nowMs += 60_000;
    await vi.advanceTimersByTimeAsync(5000);
    expect([...redis.members.keys()]).toEqual([`${UNTIL_SEC} long`]);
  });

  it('is one of so many: the oldest leave', async () => {
    const redis = new FakeRedis();
    const one = processOf(redis, 3);
    for (const user of ['1', '2', '3', '4', '5']) {
      nowMs += 1;
      one.revoke(user);
      await settle();
    }
    await vi.advanceTimersByTimeAsync(5000);
    expect([...redis.members.keys()]).toEqual(['3', '4', '5'].map((user) => `${UNTIL_SEC} ${user}`));
  });

  it('is passed over where it cannot be read', async () => {
    const redis = new FakeRedis();
    redis.members.set('nonsense', NOW_MS).set(`${UNTIL_SEC} u1`, NOW_MS);
    const one = processOf(redis);
    await settle();
    one.link.hear!('more nonsense');
    expect(one.knows('u1')).toBe(true);
  });

  it('is not asked for on and on of a server that answers with a full page whatever is asked', async () => {
    const redis = new FakeRedis();
    const run = redis.run.bind(redis);
    const page = Array.from({ length: 500 }, (_, i) => `${UNTIL_SEC} u${i}`);
    redis.run = (command) =>
      redis.commands < 100 && command[0] === 'ZRANGEBYSCORE' ? (run(command), page) : run(command);
    const one = processOf(redis, 1000);
    await settle();
    expect(redis.commands).toBeLessThan(10);
    expect(one.knows('u499')).toBe(true);
  });

  it('is read in pages', async () => {
    const redis = new FakeRedis();
    for (let i = 0; i < 1200; i++) redis.members.set(`${UNTIL_SEC} u${i}`, NOW_MS);
    const one = processOf(redis, 5000);
    await settle();
    expect(one.revocations.size).toBe(1200);
  });
});
