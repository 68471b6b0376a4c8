import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';

describe('nearest', () => {
  it.each([
    ['trun', 'turn'],
    ['relm', 'realm'],
    ['REALM', 'realm'],
    ['lsiteners', 'listeners'],
    ['listener', 'listeners'],
    ['x', undefined],
    ['completely-other', undefined],
  ])('finds for %s: %s', (text, expected) => {
    expect(nearest(text, ['turn', 'realm', 'listeners', 'edge'])).toBe(expected);
  });
});
