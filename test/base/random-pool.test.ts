import { expect, it } from 'vitest';
import { createRandomPool, createRandomTexts } from '../../src/base/random-pool.ts';

it('hands no byte out twice, across refills and for more than it holds', () => {
  const random = createRandomPool();
  const drawn = Array.from({ length: 3000 }, () => random(8).toString('hex'));
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(drawn).not.toContain('0'.repeat(16));
  const large = random(10_000);
  expect(large).toHaveLength(10_000);
  expect(large.subarray(9_000)).not.toEqual(Buffer.alloc(1_000));
});

it('gives buffers that later draws leave alone', () => {
  const random = createRandomPool();
  const first = random(16);
  const copy = Buffer.from(first);
  for (let i = 0; i < 1000; i++) random(16);
  expect(first).toEqual(copy);
});

it('writes what it draws as base64url, and no text twice', () => {
  const random = createRandomTexts();
  const drawn = Array.from({ length: 3000 }, () => random(9));
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(drawn.every((text) => /^[\w-]{12}$/.test(text))).toBe(true);
  expect(drawn).not.toContain('A'.repeat(12));
  expect(random(16)).toHaveLength(22);
});
