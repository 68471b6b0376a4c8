import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmac } from '../../src/base/hmac.ts';

/** RFC 2202 §3 and RFC 4231 §4: the first test case, and the one whose key is longer than a block. */
const VECTORS = [
  { algorithm: 'sha1', key: '0b'.repeat(20), data: 'Hi There', digest: 'b617318655057264e28bc0b6fb378c8ef146be00' },
  {
    algorithm: 'sha1',
    key: 'aa'.repeat(80),
    data: 'Test Using Larger Than Block-Size Key - Hash Key First',
    digest: 'aa4ae5e15272d00e95705637ce8a3b55ed402112',
  },
  {
    algorithm: 'sha256',
    key: '0b'.repeat(20),
    data: 'Hi There',
    digest: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    algorithm: 'sha256',
    key: 'aa'.repeat(131),
    data: 'Test Using Larger Than Block-Size Key - Hash Key First',
    digest: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
] as const;

describe('HMAC in two hashes', () => {
  it.each(VECTORS)('gives the published $algorithm digest of "$data"', ({ algorithm, key, data, digest }) => {
    expect(hmac(algorithm, Buffer.from(key, 'hex'), Buffer.from(data)).toString('hex')).toBe(digest);
  });

  it('is what createHmac makes of any key and any parts, larger than the room it begins with too', () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength, size: 'max' });
    fc.assert(
      fc.property(
        fc.constantFrom('sha1', 'sha256'),
        bytes(200),
        fc.array(bytes(5_000), { maxLength: 3 }),
        (algorithm, key, parts) => {
          const whole = createHmac(algorithm, key);
          for (const part of parts) whole.update(part);
          expect(hmac(algorithm, key, ...parts)).toEqual(whole.digest());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('hands out a digest that the next call leaves alone', () => {
    const first = hmac('sha256', Buffer.from('key'), Buffer.from('first'));
    const kept = Buffer.from(first);
    hmac('sha256', Buffer.from('another'), Buffer.from('second'));
    expect(first).toEqual(kept);
  });
});
