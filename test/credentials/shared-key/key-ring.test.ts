import { expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { createKeyRing } from '../../../src/credentials/shared-key/key-ring.ts';

const key = (id: string, secret: string) => ({ id, secret: new Secret(secret) });

it.each([
  ['no key', [], 'at least one key'],
  ['an empty key', [key('a', '')], '"a" is empty'],
  ['two keys of one id', [key('a', 'x'), key('a', 'y')], 'two keys have the id "a"'],
  ['one secret under two ids', [key('a', 'x'), key('b', 'x')], '"a" and "b" hold the same secret'],
])('refuses %s', (_what, keys, message) => {
  expect(() => createKeyRing(keys)).toThrow(message);
});

it('takes the first key as the newest', () => {
  expect(createKeyRing([key('new', 'x'), key('old', 'y')]).newest.id).toBe('new');
});
