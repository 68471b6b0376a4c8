import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../src/base/bounded-map.ts';

describe('a bounded map', () => {
  it('forgets the oldest entry for a new one', () => {
    const map = new BoundedMap<number>(2);
    for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) map.set(key, value);
    expect([...map.entries()].map(({ key }) => key)).toEqual(['b', 'c']);
  });

  it('forgets none for an entry that was there, which becomes the newest', () => {
    const map = new BoundedMap<number>(2);
    for (const key of ['a', 'b', 'a']) map.set(key, 1);
    expect([...map.entries()].map(({ key }) => key)).toEqual(['b', 'a']);
    map.set('c', 1);
    expect([...map.entries()].map(({ key }) => key)).toEqual(['a', 'c']);
  });
});
