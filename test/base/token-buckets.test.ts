import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../src/base/token-buckets.ts';

describe('token buckets', () => {
  const options = { burst: 2, perSec: 0.5, maxKeys: 3 };

  it('limit each key by itself, and say how long to wait', () => {
    const buckets = new TokenBuckets(options);
    expect(['a', 'a', 'a', '__proto__'].map((key) => buckets.take(key, 0))).toEqual([0, 0, 2, 0]);
    expect([buckets.take('a', 2000), buckets.take('a', 2000)]).toEqual([0, 2]);
  });

  it('tell whether there is a token without taking or keeping anything', () => {
    const buckets = new TokenBuckets(options);
    expect(buckets.has('a', 0)).toBe(true);
    expect(buckets.size).toBe(0);
    buckets.take('a', 0);
    expect([buckets.has('a', 0), buckets.has('a', 0)]).toEqual([true, true]);
    buckets.take('a', 0);
    expect([buckets.has('a', 0), buckets.has('a', 2000)]).toEqual([false, true]);
  });

  it('give the same by an allowance of a key as by the key, also after they forgot it', () => {
    const buckets = new TokenBuckets(options);
    const ofA = buckets.allowanceOf('a');
    expect([ofA(0), buckets.take('a', 0), ofA(0), buckets.take('a', 0)]).toEqual([0, 0, 2, 2]);
    for (const key of ['b', 'c', 'd']) buckets.take(key, 0);
    expect(buckets.size).toBe(3);
    expect([buckets.take('a', 0), ofA(0), ofA(0)]).toEqual([0, 0, 2]);
    expect([ofA(2000), buckets.take('a', 2000, 2)]).toEqual([0, 4]);
  });

  it('forget the longest unused one, and no other, where allowances were used too', () => {
    const buckets = new TokenBuckets(options);
    const [ofA, ofB] = [buckets.allowanceOf('a'), buckets.allowanceOf('b')];
    for (const take of [ofA, ofA, ofB, ofB]) take(0);
    for (const key of ['c', 'c']) buckets.take(key, 0);
    ofA(0);
    buckets.take('d', 0);
    expect(buckets.size).toBe(3);
    expect([buckets.take('c', 0), ofA(0), ofB(0)]).toEqual([2, 2, 0]);
  });

  it('forget those that are full again', () => {
    const buckets = new TokenBuckets(options);
    buckets.take('a', 0);
    buckets.take('b', 3000);
    buckets.take('c', 4000);
    expect(buckets.size).toBe(2);
  });

  it('forget the longest unused one beyond the bound, and no other', () => {
    const buckets = new TokenBuckets(options);
    for (const key of ['a', 'a', 'b', 'b', 'c', 'c']) buckets.take(key, 0);
    buckets.take('a', 0);
    buckets.take('d', 0);
    expect(buckets.size).toBe(3);
    expect([buckets.take('c', 0), buckets.take('a', 0), buckets.take('b', 0)]).toEqual([2, 2, 0]);
  });
});
