import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonceCounts } from '../../../src/edge/core/nonce-counts.ts';

describe('nonce counts', () => {
  it('are accepted once each, in any order within the window', () => {
    const counts = new NonceCounts();
    const accept = (count: number): boolean => counts.accept(1, count);
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
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(80)), { maxLength: 200 }), (uses) => {
        const counts = new NonceCounts();
        const accepted = uses.filter(([serial, count]) => counts.accept(serial, count));
        expect(new Set(accepted.map(String)).size).toBe(accepted.length);
      }),
      { numRuns: 500 },
    );
  });

  it('are known of four nonces; what is forgotten is refused, with all nonces before it', () => {
    const counts = new NonceCounts();
    for (const serial of [2, 3, 4, 5, 6]) expect(counts.accept(serial, 1)).toBe(true);
    expect(counts.size).toBe(4);
    expect(counts.accept(2, 2)).toBe(false);
    expect(counts.accept(1, 1)).toBe(false);
    for (const serial of [3, 4, 5, 6]) expect(counts.accept(serial, 2)).toBe(true);
  });

  it('are taken of a nonce that comes late, once, though there is no room for it', () => {
    const counts = new NonceCounts();
    for (const serial of [3, 4, 5, 6]) counts.accept(serial, 1);
    expect(counts.accept(2, 1)).toBe(true);
    expect(counts.accept(2, 2)).toBe(false);
    expect(counts.accept(1, 1)).toBe(false);
    expect(counts.accept(3, 2)).toBe(true);
  });

  it('let any number of users of one flow prove their passwords in the order in which they were asked', () => {
    const counts = new NonceCounts();
    for (let serial = 1; serial <= 1000; serial++) expect(counts.accept(serial, 1)).toBe(true);
    expect(counts.size).toBe(4);
  });
});
