import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz, FUZZ_TIMEOUT_MS } from '../turn/hardening/fuzz-run.ts';
import { PROOFS } from './support/register-proofs.ts';
import { Registrars, type RegisterStep } from './support/registrars.ts';
import { CHOICES, type Slot } from './support/register-texts.ts';

const change = fc
  .constantFrom(...(Object.keys(CHOICES) as Slot[]))
  .chain((slot) => fc.record({ slot: fc.constant(slot), choice: fc.nat(CHOICES[slot].length - 1) }));
const mostly = <T>(usual: T, weight: number, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const step: fc.Arbitrary<RegisterStep> = fc.record({
  client: mostly(0, 6, 1, 2),
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 2 }) },
  ),
  isLasting: mostly(false, 3, true),
  sequence: mostly(1, 12, 0, -1, 5),
  proof: mostly('right', 3, ...PROOFS),
  // Past what nonces and registrations last, and just before.
  waitMs: mostly(0, 4, 1, 700, 30_000, 59_999, 301_000, 600_000, 601_000),
  isLate: mostly(false, 9, true),
  then: mostly<RegisterStep['then']>('nothing', 14, 'reconnect', 'end', 'amend', 'other-password'),
});

it(
  'REGISTERs of clients who repeat themselves, more or less, are answered, kept and passed on as by an edge that remembers none',
  { timeout: FUZZ_TIMEOUT_MS },
  () =>
    fuzz(
      'REGISTERs with a memory beside those without',
      fc.property(
        fc.constantFrom('inside' as const, 'outside' as const),
        fc.array(step, { minLength: 2, maxLength: 16 }),
        (core, steps) => {
          const [remembering, forgetful] = [new Registrars(core, true), new Registrars(core, false)];
          for (const one of steps) expect(remembering.take(one)).toEqual(forgetful.take(one));
        },
      ),
      1,
    ),
);
