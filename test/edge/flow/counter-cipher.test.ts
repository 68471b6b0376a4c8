import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CounterCipher } from '../../../src/edge/flow/counter-cipher.ts';

const KEY = randomBytes(32);
const cipher = new CounterCipher(KEY);

function applied(initial: Uint8Array, data: Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  cipher.apply(initial, bytes);
  return bytes;
}

it('encrypts as AES-256-CTR of OpenSSL does, whatever is encrypted before and wherever the counter overflows', () => {
  const initial = fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.nat({ max: 15 }).map((last) => new Uint8Array(16).fill(0xff, last)),
  );
  fc.assert(
    fc.property(initial, fc.uint8Array({ maxLength: 100 }), (counter, data) => {
      expect(applied(counter, data)).toEqual(createCipheriv('aes-256-ctr', KEY, counter).update(data));
    }),
  );
});

it('decrypts what it has encrypted', () => {
  const [initial, data] = [randomBytes(16), randomBytes(40)];
  expect(applied(initial, applied(initial, data))).toEqual(data);
});
