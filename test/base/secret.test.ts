import { format, inspect } from 'node:util';
import { expect, it } from 'vitest';
import { constantTimeEqual, Secret } from '../../src/base/secret.ts';

it.each([
  ['String()', String],
  ['JSON.stringify', (secret: Secret) => JSON.stringify({ secret })],
  ['inspect', (secret: Secret) => inspect({ deep: { secret } }, { showHidden: true, depth: 9 })],
  ['format', (secret: Secret) => format('%s %o %j', secret, secret, secret)],
])('does not show itself through %s', (_name, print) => {
  expect(print(new Secret('hunter2'))).not.toContain('hunter2');
});

it('keeps its own copy of the bytes', () => {
  const bytes = Buffer.from('hunter2');
  const secret = new Secret(bytes);
  bytes.fill(0);
  expect(secret.revealText()).toBe('hunter2');
});

it('compares unequal lengths as unequal instead of throwing', () => {
  expect(constantTimeEqual(Buffer.from('a'), Buffer.from('ab'))).toBe(false);
  expect(new Secret('same').equals(new Secret('same'))).toBe(true);
});
