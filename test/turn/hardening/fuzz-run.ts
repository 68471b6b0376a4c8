import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import fc from 'fast-check';

const RUNS_PER_BATCH = 100;
/** Of one property, unless FUZZ_SECONDS says otherwise. */
const DEFAULT_SECONDS = 4;

const { FUZZ_SECONDS } = process.env;
const firstSeed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));

/** What vitest may wait for: shrinking comes on top, and is slow on a slow machine. */
export const FUZZ_TIMEOUT_MS = Number(FUZZ_SECONDS ?? DEFAULT_SECONDS) * 1000 + 300_000;

/**
 * Runs a property for FUZZ_SECONDS, or `seconds` where nothing else is said, in batches whose seeds follow FUZZ_SEED. A failure is shrunk and thrown with its seed and case; the seed that is
 * told there, as FUZZ_SEED, fails again in the first batch.
 */
export async function fuzz<Values extends unknown[]>(
  name: string,
  property: fc.IPropertyWithHooks<Values>,
  seconds = DEFAULT_SECONDS,
): Promise<void> {
  const endMs = performance.now() + Number(FUZZ_SECONDS ?? seconds) * 1000;
  let batches = 0;
  do {
    const seed = (firstSeed + batches) & 0x7fff_ffff;
    const details = fc.check(property, { seed, numRuns: RUNS_PER_BATCH });
    if (details.failed) {
      const report = fc.defaultReportMessage(details) ?? 'failed';
      throw new Error(`${name}: FUZZ_SEED=${seed} npm run fuzz\n${report}`, { cause: details.errorInstance });
    }
    batches += 1;
    await turnOfTheLoop();
  } while (performance.now() < endMs);
  if (FUZZ_SECONDS !== undefined) {
    console.log(`${name}: ${batches * RUNS_PER_BATCH} cases from FUZZ_SEED=${firstSeed}, none failed`);
  }
}
