import { describe, expect, it } from 'vitest';
import { SetMap } from '../../src/base/set-map.ts';

describe('a map of sets', () => {
  it('keeps the values of a key in the order of their coming, each once', () => {
    const map = new SetMap<string, number>();
    for (const value of [3, 1, 3, 2]) map.add('a', value);
    map.add('b', 9);
    expect([[...map.get('a')], [...map.get('b')], [...map.get('c')]]).toEqual([[3, 1, 2], [9], []]);
  });

  it('keeps no key without values', () => {
    const map = new SetMap<string, number>();
    map.add('a', 1);
    map.add('a', 2);
    map.delete('a', 1);
    map.delete('b', 1);
    expect([map.size, map.has('a')]).toEqual([1, true]);
    map.delete('a', 2);
    expect([map.size, map.has('a')]).toEqual([0, false]);
    map.add('b', 1);
    map.deleteAll('b');
    expect(map.size).toBe(0);
  });

  it('lets values be taken out while they are walked', () => {
    const map = new SetMap<string, number>();
    for (const [key, value] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ] as const)
      map.add(key, value);
    const met: number[] = [];
    for (const [key, values] of map.entries()) {
      for (const value of values) {
        met.push(value);
        map.delete(key, value);
      }
    }
    expect([met, map.size]).toEqual([[1, 2, 3], 0]);
  });
});
