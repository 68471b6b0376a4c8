import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyedHmac } from '../../src/base/keyed-hmac.ts';

it('is what createHmac makes of any key and any data, one after the other', () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength, size: 'max' });
  const data = fc.oneof(bytes(2000), fc.string({ unit: 'binary', maxLength: 700, size: 'max' }));
  fc.assert(
    fc.property(bytes(200), fc.array(data, { maxLength: 4 }), (key, all) => {
      const keyed = new KeyedHmac(key);
      for (const one of all) {
        const text = createHmac('sha256', key).update(one).digest('base64url');
        expect(keyed.digestText(one)).toBe(text);
        expect(keyed.digest(one).toString('base64url')).toBe(text);
        const written = Buffer.alloc(20);
        keyed.write(written, 2, 16, one);
        expect(written).toEqual(Buffer.concat([Buffer.alloc(2), keyed.digest(one).subarray(0, 16), Buffer.alloc(2)]));
      }
    }),
  );
});

it('is that of SHA-1 where it is told so', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.string({ unit: 'binary' }), (key, text) => {
      const expected = createHmac('sha1', key).update(text).digest();
      const keyed = new KeyedHmac(key, 'sha1');
      expect(keyed.digest(text)).toEqual(expected);
      expect(keyed.digestText(text, 'base64')).toBe(expected.toString('base64'));
    }),
  );
});

it('gives each purpose a key of its own', () => {
  const key = Buffer.from('key');
  const derived = createHmac('sha256', key).update('tags').digest();
  expect(KeyedHmac.derived(key, 'tags').digest('x')).toEqual(createHmac('sha256', derived).update('x').digest());
});

it('has no use for a key after it was made of it', () => {
  const key = Buffer.from('secret');
  const keyed = new KeyedHmac(key);
  const before = keyed.digestText('x');
  key.fill(0);
  expect(keyed.digestText('x')).toBe(before);
});
