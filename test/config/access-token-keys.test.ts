import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { loadSecrets } from '../../src/config/secrets.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';

const KEY = Buffer.alloc(32, 'K').toString('base64');

describe('oauth.keys', () => {
  const read = async (keys: NonNullable<ConfigInput['oauth']>['keys']): Promise<unknown> => {
    try {
      const secrets = await loadSecrets(parseConfig({ oauth: { keys } }), {}, 0, new MemoryState());
      return secrets.tokenKeys.map(({ kid, algorithm }) => [kid, algorithm]);
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    [[{ kid: 'north', key: KEY }], [['north', 'A256GCM']]],
    [[{ kid: 'union', key: 'MTIzNDU2Nzg5MDEyMzQ1Ngo=', algorithm: 'A128GCM' }], [['union', 'A128GCM']]],
    [
      [{ kid: 'north', key: 'MTIzNDU2Nzg5MDEyMzQ1Ngo=' }],
      'oauth.keys.0.key: expected base64 of 32 bytes or more for A256GCM, got 17 bytes',
    ],
    [
      [{ kid: 'north', key: 'not base64' }],
      'oauth.keys.0.key: expected base64 of 32 bytes or more for A256GCM, got other characters',
    ],
    [
      [
        { kid: 'north', key: KEY },
        { kid: 'north', key: KEY },
      ],
      'oauth.keys.1.kid: expected a kid of its own, got "north"',
    ],
  ] as const)('%j is %j', async (keys, outcome) => {
    expect(await read(keys.map((key) => ({ ...key })))).toEqual(outcome);
  });
});
