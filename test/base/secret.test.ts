import { format, inspect } from 'node:util';
import { expect, it } from 'vitest';
import { ownText } from '../../src/base/own-text.ts';
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

it.each(['hunter2', 'a longer password, with ümlauts'])('is the same as text and as bytes: %s', (text) => {
  for (const secret of [new Secret(text), new Secret(Buffer.from(text)), Secret.ofOwnText(ownText(text))]) {
    expect(secret.revealText()).toBe(text);
    expect(secret.reveal()).toEqual(Buffer.from(text));
    expect([secret.revealText(), secret.byteLength]).toEqual([text, Buffer.byteLength(text)]);
    expect(inspect(secret, { showHidden: true })).not.toContain(text);
  }
});

it('compares unequal lengths as unequal instead of throwing', () => {
  expect(constantTimeEqual(Buffer.from('a'), Buffer.from('ab'))).toBe(false);
  expect(new Secret('same').equals(new Secret('same'))).toBe(true);
});
