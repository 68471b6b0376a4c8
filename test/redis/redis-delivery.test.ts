import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { fail, ok } from '../../src/base/result.ts';
import { type DeliveredCredential } from '../../src/credentials/delivered/delivery.ts';
import { type Reply } from '../../src/redis/link.ts';
import { RedisDelivery } from '../../src/redis/redis-delivery.ts';
import { eventually } from '../support/settled.ts';

const NOW_SEC = 1_700_000_000;

function credential(user: string, endsInSec = 600): DeliveredCredential {
  return { user, realm: 'ims.example', key: Buffer.alloc(16, 7), person: 'p', expiresAtSec: NOW_SEC + endsInSec };
}

function world(max = 100) {
  const store = new Map<string, string>();
  const commands: string[] = [];
  const revoked = new Set<string>();
  let there: (() => void) | undefined;
  let nowSec = NOW_SEC;
  const link = {
    isUp: true,
    request(key: string, name: string, ...args: string[]): Promise<Reply> {
      if (!link.isUp) return Promise.resolve(fail('unavailable'));
      commands.push([name, ...args].join(' '));
      if (name === 'EXISTS') return Promise.resolve(ok({ reply: store.has(key) ? 1 : 0 }));
      if (name === 'SET') store.set(key, args[1]!);
      else store.delete(key);
      return Promise.resolve(ok({ reply: 'OK' }));
    },
    observe(hear: () => void) {
      there = hear;
      return () => undefined;
    },
  };
  const now = () => ({ monotonicMs: 0, unixMs: nowSec * 1000 });
  const isRevoked = (user: string) => revoked.has(user);
  const delivery = new RedisDelivery({ link, clock: { now }, logger: silentLogger, isRevoked, max });
  return {
    store,
    commands,
    revoked,
    link,
    delivery,
    put: (one: DeliveredCredential) => eventually(delivery.put(one, now())),
    users: () => [...store.keys()].flatMap((key) => /user\/(.*)\/key$/.exec(key)?.[1] ?? []),
    pass: (sec: number) => {
      nowSec += sec;
    },
    /** Redis has been away, and is there again. */
    back: async () => {
      link.isUp = true;
      there?.();
      await new Promise(setImmediate);
    },
  };
}

describe('delivery to Redis', () => {
  it('writes key and person with the end of the credential, in one round trip', async () => {
    const { put, commands } = world();
    expect((await put(credential('u'))).ok).toBe(true);
    expect(commands.filter((command) => command.includes('turn/realm'))).toEqual([
      'SET turn/realm/ims.example/user/u/person p EX 600',
      `SET turn/realm/ims.example/user/u/key ${'07'.repeat(16)} EX 600`,
    ]);
  });

  it('fails at once while Redis is away', () => {
    const { delivery, link } = world();
    link.isUp = false;
    expect(delivery.put(credential('u'), { monotonicMs: 0, unixMs: 0 })).toEqual(fail('unavailable'));
  });

  it('takes back what it could not, once Redis is there, unless it has ended', async () => {
    const { put, delivery, link, back, users, pass, commands } = world();
    await put(credential('long'));
    await put(credential('short', 60));
    link.isUp = false;
    delivery.remove(credential('long'));
    delivery.remove(credential('short', 60));
    await new Promise(setImmediate);
    pass(60);
    commands.length = 0;
    await back();
    expect(users()).toEqual(['short']);
    expect(commands.filter((command) => command.startsWith('DEL'))).toHaveLength(2);
  });

  it('is made again to a Redis that has lost it, of what is good, for the rest of its life', async () => {
    const { put, delivery, store, back, users, pass, commands, revoked } = world();
    for (const one of [credential('ended', 60), credential('good'), credential('taken'), credential('denied')]) {
      await put(one);
    }
    delivery.remove(credential('taken'));
    revoked.add('denied');
    pass(100);
    store.clear();
    await back();
    expect(users()).toEqual(['good']);
    expect(commands.at(-2)).toMatch(/ EX 500$/);
  });

  it('is not made again to a Redis that has lost nothing: who deleted a user there meant it', async () => {
    const { put, store, back, users } = world();
    await put(credential('u'));
    store.delete('turn/realm/ims.example/user/u/key');
    await back();
    expect(users()).toEqual([]);
  });

  it('keeps no more than so many for that', async () => {
    const { put, store, back, users } = world(3);
    for (const user of ['1', '2', '3', '4', '5']) await put(credential(user));
    store.clear();
    await back();
    expect(users()).toEqual(['3', '4', '5']);
  });
});
