import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { createPseudonyms } from '../../../src/credentials/shared-key/pseudonym.ts';

const pseudonyms = createPseudonyms(new Secret('a pseudonym key'), new Secret('km'));

it('gives the registration back to the holder of the key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (id) => {
      const wellFormed = Buffer.from(id).toString();
      expect(pseudonyms.reveal(pseudonyms.create(wellFormed, 'alice'))).toBe(wellFormed);
    }),
    { numRuns: 50 },
  );
});

it('gives nothing to another key', () => {
  const other = createPseudonyms(new Secret('another key'), new Secret('km'));
  expect(other.reveal(pseudonyms.create('sip:alice@ims.example', 'alice'))).toBeUndefined();
});

it.each(['', 'u', 'alice', 'u!!!!', `u${'A'.repeat(500)}`])('knows that it did not make %j', (name) => {
  expect(pseudonyms.reveal(name)).toBeUndefined();
});

it('notices a changed name', () => {
  const name = pseudonyms.create('sip:alice@ims.example', 'alice');
  expect(pseudonyms.reveal(name.slice(0, 30) + (name[30] === 'A' ? 'B' : 'A') + name.slice(31))).toBeUndefined();
});

it('links no two registrations of one subscriber and shows neither identity nor its length', () => {
  const first = pseudonyms.create('sip:alice@ims.example', 'alice');
  expect(pseudonyms.create('sip:alice@ims.example', 'alice')).not.toBe(first);
  expect(pseudonyms.create('sip:al@ims.example', 'alice')).toHaveLength(first.length);
  expect(Buffer.from(first.slice(1), 'base64url').toString('latin1')).not.toContain('alice');
});

it('holds a non-digit, so that no reader mistakes it for an expiry, and no separator', () => {
  expect(pseudonyms.create('x', 'alice')).toMatch(/^u[A-Za-z0-9_-]+$/);
});
