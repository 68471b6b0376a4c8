import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonceCounts } from '../../../src/edge/core/nonce-counts.ts';

const create = (capacity = 100): NonceCounts => new NonceCounts({ capacity, lifetimeSec: 300 });

describe('nonce counts', () => {
  it('are accepted once each, in any order within the window', () => {
    const counts = create();
    const accept = (count: number): boolean => counts.accept('n', 0, count, 0);
    expect([5, 5, 3, 3, 4, 6, 6, 36, 5].map(accept)).toEqual([
      true,
      false,
      true,
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(accept(0xffff_ffff)).toBe(true);
    expect(accept(37)).toBe(false);
  });

  it('never accept the same count of one nonce twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(80)), { maxLength: 200 }), (uses) => {
        const counts = create(2);
        const accepted = uses.filter(([nonce, count]) => counts.accept(nonce, nonce.charCodeAt(0), count, 200));
        expect(new Set(accepted.map(String)).size).toBe(accepted.length);
      }),
      { numRuns: 200 },
    );
  });

  it('keep to their capacity; what is forgotten early is refused, with all nonces of its age', () => {
    const counts = create(2);
    expect(counts.accept('a', 10, 1, 20)).toBe(true);
    expect(counts.accept('b', 11, 1, 20)).toBe(true);
    expect(counts.accept('c', 12, 1, 20)).toBe(true);
    expect(counts.size).toBe(2);
    expect(counts.accept('a', 10, 2, 20)).toBe(false);
    expect(counts.accept('old', 9, 1, 20)).toBe(false);
    expect(counts.accept('b', 11, 2, 20)).toBe(true);
  });

  it('forget expired nonces first, which costs nobody anything', () => {
    const counts = create(2);
    counts.accept('a', 0, 1, 0);
    counts.accept('b', 299_000, 1, 300_000);
    expect(counts.size).toBe(1);
    counts.accept('c', 300_000, 1, 300_000);
    expect(counts.accept('d', 1, 1, 300_000)).toBe(true);
  });
});
