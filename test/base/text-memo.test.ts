import { expect, it } from 'vitest';
import { ownText } from '../../src/base/own-text.ts';
import { TextMemo } from '../../src/base/text-memo.ts';

function counting(capacity: number): { memo: TextMemo<{ text: string }>; reads: string[] } {
  const reads: string[] = [];
  const memo = new TextMemo(capacity, (text) => {
    reads.push(text);
    return { text };
  });
  return { memo, reads };
}

it('reads a text once, and gives the same value each time', () => {
  const { memo, reads } = counting(10);
  expect(memo.get('a')).toBe(memo.get('a'));
  expect(reads).toEqual(['a']);
});

it('reads a text anew only once two generations of others have come', () => {
  const { memo, reads } = counting(2);
  for (const text of ['a', 'b', 'c', 'd', 'a']) memo.get(text);
  expect(reads).toEqual(['a', 'b', 'c', 'd']);
  for (const text of ['e', 'f', 'g', 'h', 'b']) memo.get(text);
  expect(reads.filter((text) => text === 'b')).toHaveLength(2);
});

it('keeps nothing of a text that is longer than addresses are', () => {
  const { memo, reads } = counting(10);
  memo.get('x'.repeat(256));
  memo.get('x'.repeat(256));
  memo.get('x'.repeat(257));
  memo.get('x'.repeat(257));
  expect(reads.map(({ length }) => length)).toEqual([256, 257, 257]);
});

it('keeps a value whatever it is read from, so that no message is held by a part of it', () => {
  const { memo } = counting(10);
  const message = `INVITE ${'y'.repeat(40)} ${'z'.repeat(10_000)}`;
  expect(memo.get(message.slice(7, 47)).text).toBe('y'.repeat(40));
});

it('gives what was put for a text, and reads it no more', () => {
  const { memo, reads } = counting(10);
  const value = { text: 'known' };
  memo.put(ownText('a'), value);
  expect(memo.get('a')).toBe(value);
  expect(reads).toEqual([]);
});
