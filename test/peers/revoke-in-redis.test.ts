import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { revoke, type RevokeFlags } from '../../src/cli/revoke.ts';
import { Fleet, keyOf, REALM } from './redis-fleet.ts';
import { freePort } from '../support/free-port.ts';
import { redisServer, startRedis, until } from './redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'epcscf-revoke-'));
const configFile = join(folder, 'config.yaml');

/** The command, with a configuration that has a Redis and no admin API. */
async function run(url: string, name: string, flags: RevokeFlags = { turnName: true }, more = '') {
  writeFileSync(configFile, `domain: ${REALM}\nredis: { servers: ['${url}'], timeoutMs: 500 }\n${more}`);
  const out = vi.spyOn(console, 'log').mockReturnValue();
  const err = vi.spyOn(console, 'error').mockReturnValue();
  try {
    const code = await revoke(name, { config: configFile, ...flags });
    return { code, out: out.mock.calls.join('\n'), err: err.mock.calls.join('\n') };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

afterEach(() => {
  rmSync(configFile, { force: true });
});

describe.skipIf(!redisServer)('epcscf-turn revoke by Redis', { timeout: 60_000 }, () => {
  it('ends what a TURN name holds on every relay, and takes back what was delivered, without an admin API', async () => {
    await using fleet = new Fleet();
    const store = fleet.own(await startRedis());
    const redis = { servers: [store.url] };
    const relays = [await fleet.relay(redis), await fleet.relay(redis)];
    const { credential } = await fleet.registered(await fleet.edge(redis));
    for (const relay of relays) await fleet.allocate(relay, credential);
    const { code, out } = await run(store.url, credential.username);
    expect(out).toMatch(/: revoked \S+ until 20\S+, processes that heard it at once: 3$/);
    expect(code).toBe(0);
    await until(() => relays.every((relay) => relay.sessions().length === 0));
    expect(await store.cli('EXISTS', keyOf(credential.username))).toBe(0);
    await expect(fleet.allocate(relays[0]!, credential)).rejects.toThrow('401');
  });

  it('reaches a relay that starts later, by the entry that servers write', async () => {
    await using fleet = new Fleet();
    const store = fleet.own(await startRedis());
    const { code, out } = await run(store.url, 'u1');
    expect([code, out]).toEqual([0, expect.stringContaining('heard it at once: 0')]);
    const [member] = (await store.cli('ZRANGE', 'epcscf-turn/revocations', '0', '-1')) as string[];
    expect(member).toMatch(/^\d{10} u1$/);
    const relay = await fleet.relay({ servers: [store.url] });
    await until(() => relay.revokedNames().some(({ user }) => user === 'u1'));
  });

  it('takes u out of a whole USERNAME, and ends with what was delivered', async () => {
    await using store = await startRedis();
    const { out } = await run(store.url, '1900000000:u2');
    expect(out).toContain('revoked u2 until');
    await store.cli('SET', keyOf('u3'), 'f'.repeat(32), 'EX', '100');
    const { out: delivered } = await run(store.url, 'u3');
    const [, end = ''] = /until (\S+),/.exec(delivered) ?? [];
    expect(Date.parse(end) - Date.now()).toBeLessThanOrEqual(101_000);
    expect(await store.cli('EXISTS', keyOf('u3'))).toBe(0);
  });

  it('says why when Redis refuses it or is away, with exit code 1', async () => {
    await using store = await startRedis(['--requirepass', 'secret'], {
      login: { username: 'default', password: 'secret' },
    });
    expect(await run(store.url, 'u1')).toMatchObject({ code: 1, err: expect.stringContaining('NOAUTH') as string });
    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    const away = await run(nowhere, 'u1');
    expect(away).toMatchObject({ code: 1, err: expect.stringContaining('ECONNREFUSED') as string });
    expect(away.err).toContain(nowhere);
  });
});

describe('epcscf-turn revoke by Redis, asked for what it cannot do,', () => {
  const url = 'redis://127.0.0.1:6379';

  it.each<[string, RevokeFlags, RegExp]>([
    ['a user', {}, /^revoke: only an edge can tell which TURN names alice holds: ask it by admin\.tokenFile/],
    ['registrations', { turnName: true, registration: true }, /^revoke: only an edge can end registrations/],
    ['a server too', { turnName: true, redis: true, url: ['https://edge.example'] }, /^--redis: expected no --url/],
  ])('says so: %s', async (_what, flags, words) => {
    await expect(run(url, 'alice', flags)).rejects.toThrow(words);
  });

  it('says so: without a Redis', async () => {
    await expect(revoke('u1', { turnName: true, redis: true })).rejects.toThrow(/^--redis: expected redis\.servers/);
    await expect(revoke('u1', { turnName: true })).rejects.toThrow(/admin\.tokenFile or --token-file, or a Redis/);
  });
});
