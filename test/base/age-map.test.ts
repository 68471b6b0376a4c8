import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgeEntry, AgeMap } from '../../src/base/age-map.ts';

describe('a map by age', () => {
  it('does what a Map does whose entries are deleted before they are set again', () => {
    const step = fc.tuple(
      fc.constantFrom('set', 'delete', 'renew'),
      fc.constantFrom('a', 'b', 'c', '__proto__'),
      fc.nat(),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new AgeMap<number>();
        const model = new Map<string, number>();
        const places = new Map<string, AgeEntry<number>>();
        for (const [action, key, value] of steps) {
          const before = model.get(key);
          model.delete(key);
          if (action === 'set') {
            model.set(key, value);
            places.set(key, map.set(key, value));
          } else if (action === 'renew') {
            const place = places.get(key);
            if (place) expect(map.renew(place)).toBe(before !== undefined);
            if (before !== undefined) model.set(key, before);
          } else {
            map.delete(key);
          }
          const [oldest] = model;
          expect(map.oldest && [map.oldest.key, map.oldest.value]).toEqual(oldest);
          expect([map.size, map.get(key)]).toEqual([model.size, model.get(key)]);
        }
        expect([...map.entries()].map(({ key, value }) => [key, value])).toEqual([...model]);
        for (const { key, value } of map.entries()) {
          expect(map.oldest).toMatchObject({ key, value });
          expect(map.has(key)).toBe(true);
          map.delete(key);
        }
        expect([map.oldest, map.size]).toEqual([undefined, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
