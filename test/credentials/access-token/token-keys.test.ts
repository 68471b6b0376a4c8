import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import {
  createAccessTokenKeyRing,
  eitherOf,
  isKid,
  readAccessTokenKey,
} from '../../../src/credentials/access-token/token-keys.ts';
import { at } from '../shared-key/support.ts';
import { north, south } from './support.ts';

const base64 = (bytes: number): Secret => new Secret(Buffer.alloc(bytes, 'k').toString('base64'));

describe('a long-term key', () => {
  it.each([
    ['A256GCM', 32, 32],
    ['A256GCM', 33, 32],
    ['A128GCM', 16, 16],
    ['A128GCM', 32, 16],
  ] as const)('of %s out of %i bytes is the first %i', (algorithm, given, used) => {
    const key = readAccessTokenKey('kid', algorithm, base64(given));
    expect(key.ok && key.value.key.export()).toEqual(Buffer.alloc(used, 'k'));
  });

  it.each([
    ['A256GCM', base64(31), 'short-key'],
    ['A128GCM', base64(15), 'short-key'],
    ['A128GCM', new Secret('not base64 at all!'), 'not-base64'],
  ] as const)('of %s that is none is told why: %s, %s', (algorithm, secret, reason) => {
    expect(readAccessTokenKey('kid', algorithm, secret)).toEqual({ ok: false, reason });
  });

  it('is found by its kid, in either of two places', () => {
    const both = eitherOf(createAccessTokenKeyRing([north]), createAccessTokenKeyRing([south]));
    expect(both.find('north', at(0))).toEqual({ ok: true, value: north });
    expect(both.find('south', at(0))).toEqual({ ok: true, value: south });
    expect(both.find('__proto__', at(0))).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['22BIjxU93h/IgwEb', true],
    ['north', true],
    ['', false],
    ['a b', false],
    ['a*', false],
    ['%n', false],
    ['a\r\nDEL', false],
    ['k'.repeat(128), false],
  ])('may go by the kid %j: %s', (kid, may) => {
    expect(isKid(kid)).toBe(may);
  });
});
