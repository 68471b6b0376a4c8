import { expect, it } from 'vitest';
import { NumberFields } from '../../../src/edge/proxy/number-fields.ts';

it('makes the field of a small number once, and that of each number right', () => {
  const fields = new NumberFields('Max-Forwards', 255);
  expect([70, 0, 70, 255, 256].map((value) => fields.of(value).line)).toEqual(
    [70, 0, 70, 255, 256].map((value) => `Max-Forwards: ${value}\r\n`),
  );
  expect(fields.of(70)).toBe(fields.of(70));
  expect(fields.of(256)).not.toBe(fields.of(256));
});
