/** A value that is known now, or one that comes later. */
export type Outcome<T extends object> = T | Later<T>;

/**
 * A value that comes later. `later` begins the work, and is called once or never: who has no room to wait does not call it. `settle` is
 * called once, at any time, within the call of `later` too; a second call of it means nothing.
 */
export interface Later<T> {
  readonly later: (settle: (value: T) => void) => void;
}

export function isLater<T extends object>(outcome: Outcome<T>): outcome is Later<T> {
  return 'later' in outcome;
}

/** The outcome with `change` applied to its value: at once if the value is known, else when it comes. */
export function mapOutcome<From extends object, To extends object>(
  outcome: Outcome<From>,
  change: (value: From) => Outcome<To>,
): Outcome<To> {
  if (!isLater(outcome)) return change(outcome);
  return {
    later: (settle) => {
      outcome.later((value) => {
        const changed = change(value);
        if (isLater(changed)) changed.later(settle);
        else settle(changed);
      });
    },
  };
}

/** All the values, in order: at once if each is known, else when the last has come. */
export function allOutcomes<T extends object>(outcomes: readonly Outcome<T>[]): Outcome<readonly T[]> {
  const values: T[] = [];
  for (const outcome of outcomes) {
    if (isLater(outcome)) {
      return {
        later: (settle) => {
          void Promise.all(outcomes.map(settled)).then(settle);
        },
      };
    }
    values.push(outcome);
  }
  return values;
}

/** The value as a promise. */
export function settled<T extends object>(outcome: Outcome<T>): Promise<T> {
  return new Promise((resolve) => {
    if (isLater(outcome)) outcome.later(resolve);
    else resolve(outcome);
  });
}
