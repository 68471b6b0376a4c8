import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { loadSecrets } from '../../src/config/secrets.ts';
import { findPseudonymKey, storedKeys, storedPseudonymKey, storedRing } from '../../src/config/stored-keys.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-keys-'));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const stateDir = () => join(base, 'state');
const revealed = (keys: ReturnType<typeof storedRing>) => keys.map(({ secret }) => secret.revealText());

describe('the keys of a command that only looks', () => {
  it('are, for a single secret, a ring of one key', () => {
    const config = parseConfig({ stateDir: stateDir(), credentials: { secret: 'the-key', pseudonymKey: 'p' } });
    expect(revealed(storedKeys(config, {}).keys)).toEqual(['the-key']);
    expect(storedPseudonymKey(config, {}).revealText()).toBe('p');
  });

  it('are those that a server has left in its state folder', async () => {
    const config = parseConfig({ stateDir: stateDir() });
    const { keys, pseudonymKey } = await loadSecrets(config, {}, Date.now());
    const stored = storedKeys(config, {});
    expect(revealed(stored.keys)).toEqual(revealed(keys));
    expect(stored.pseudonymKey.revealText()).toBe(pseudonymKey.revealText());
  });

  it.each([
    ['Km', 'credentials.keys', storedRing],
    ['pseudonym key', 'credentials.pseudonymKey', storedPseudonymKey],
  ])('are not made: a missing %s is told in one line, with what to do', (what, key, find) => {
    expect(() => find(parseConfig({ stateDir: stateDir() }), {})).toThrow(
      `no ${what} in ${stateDir()}: set ${key} to that of the server, or stateDir to the folder of a server that has run`,
    );
    expect(findPseudonymKey(parseConfig({ stateDir: stateDir() }), {})).toBeUndefined();
    expect(readdirSync(base)).toEqual([]);
  });
});
