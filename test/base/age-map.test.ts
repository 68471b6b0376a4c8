import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgeMap } from '../../src/base/age-map.ts';

describe('a map by age', () => {
  it('does what a Map does whose entries are deleted before they are set again', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.constantFrom('a', 'b', 'c', '__proto__'), fc.nat());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new AgeMap<number>();
        const model = new Map<string, number>();
        for (const [action, key, value] of steps) {
          model.delete(key);
          if (action === 'set') {
            model.set(key, value);
            map.set(key, value);
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
