import { describe, expect, it } from 'vitest';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { createServer, type ConfigInput } from '../../src/index.ts';

/** Everything that can be reached from a value. */
function reached(value: unknown, seen = new Set<unknown>()): Set<unknown> {
  if (seen.has(value)) return seen;
  seen.add(value);
  if (value instanceof Map) for (const entry of value) reached(entry, seen);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) reached(part, seen);
  return seen;
}

const KM = 'km-that-nobody-is-told';

describe('the facts of a server', () => {
  it.each<[string, ConfigInput]>([
    ['a lab, whose keys and users are generated', {}],
    [
      'a configuration with keys and users of its own',
      {
        credentials: { secret: KM, pseudonymKey: 'pseudonyms' },
        edge: { core: { users: [{ name: 'dora', password: 'of-dora' }] } },
      },
    ],
  ])('of %s hold no key and no password', async (_what, config) => {
    const { facts } = await createServer(config, { logger: silentLogger, state: new MemoryState() });
    const { config: given, ...made } = facts;
    const all = [...reached(made)];
    expect(
      all.filter((one) => one instanceof Secret || one instanceof Uint8Array || typeof one === 'function'),
    ).toEqual([]);
    expect(JSON.stringify(all)).not.toMatch(/PRIVATE KEY|of-dora|km-that/);
    expect(JSON.stringify(given)).not.toMatch(/of-dora|km-that/);
  });

  it('tell users by name, keys by label and how credentials are made', async () => {
    const users = [{ name: 'dora', password: 'p' }];
    const config: ConfigInput = { credentials: { secret: KM, hash: 'sha256' }, edge: { core: { users } } };
    const { facts } = await createServer(config, { logger: silentLogger, state: new MemoryState() });
    expect(facts).toMatchObject({
      users: ['dora'],
      generated: { km: false, users: false, certificate: true },
      credentials: { approach: 'shared-key', keyIds: ['k1'], profile: { order: 't:u', hash: 'sha256' } },
    });
  });
});
