import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type z } from 'zod';
import { faultSchema } from '../../../src/lab/faults/fault.ts';

const AIM = ['kind', 'user', 'times', 'forMs'];

it('the README tells every fault with its fields, and no other', () => {
  const [, table = ''] =
    /<!-- example:faults -->.*?\n(\| `kind`.*?)\n\n/s.exec(readFileSync('README.md', 'utf8')) ?? [];
  const rows = table.split('\n').slice(2);
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, text]) => text));
  // `direction?` is the same for all that is relayed, and told with what it means.
  const real = faultSchema.options.flatMap(({ shape }) => [
    shape.kind.value,
    ...Object.entries<z.ZodType>(shape)
      .filter(([name]) => !AIM.includes(name) && name !== 'direction')
      .map(([name, field]) => (field.safeParse(undefined).success ? `${name}?` : name)),
  ]);
  expect(told.sort()).toEqual(real.sort());
  expect(table).toContain('`direction?`');
});
