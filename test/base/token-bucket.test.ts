import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/base/token-bucket.ts';

describe('a token bucket', () => {
  it('gives its burst at once, then one token per interval, and says how long to wait', () => {
    const bucket = new TokenBucket({ burst: 2, perSec: 0.5, nowMs: 0 });
    expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([true, true, false]);
    expect(bucket.waitSec()).toBe(2);
    expect([bucket.take(1999), bucket.take(2000), bucket.take(2001)]).toEqual([false, true, false]);
  });

  it('gives several at once or none, and what is more than its burst for all of it', () => {
    const bucket = new TokenBucket({ burst: 4, perSec: 1, nowMs: 0 });
    expect([bucket.take(0, 3), bucket.take(0, 3)]).toEqual([true, false]);
    expect(bucket.waitSec(3)).toBe(2);
    expect([bucket.take(2000, 3), bucket.take(6000, 100), bucket.take(6000)]).toEqual([true, true, false]);
    expect(bucket.waitSec(100)).toBe(4);
  });

  it('never holds more than its burst, and no clock that goes back fills it', () => {
    const bucket = new TokenBucket({ burst: 1, perSec: 1, nowMs: 1000 });
    expect([bucket.take(100_000), bucket.take(100_000), bucket.take(0)]).toEqual([true, false, false]);
  });
});
