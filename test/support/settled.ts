import { isLater, type Outcome } from '../../src/base/outcome.ts';

/** The value of an outcome that a test expects within the call. */
export function settled<T extends object>(outcome: Outcome<T>): T {
  if (!isLater(outcome)) return outcome;
  let value: T | undefined;
  outcome.later((late) => (value = late));
  if (!value) throw new Error('not settled');
  return value;
}

/** The value of an outcome, whenever it comes. */
export function eventually<T extends object>(outcome: Outcome<T>): Promise<T> {
  return new Promise((resolve) => {
    if (isLater(outcome)) outcome.later(resolve);
    else resolve(outcome);
  });
}
