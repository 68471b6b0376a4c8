import { EpcscfTurnError, type ErrorCode } from '../base/errors.ts';
import { UnknownValue } from './schema/known-part.ts';

/** Runs a step that may throw, such as reading a file. `atOnce` lets the first error through; `Findings.attempt` notes it and goes on. */
export type Attempt = <T>(read: () => T) => T | undefined;

/** Lets the first error through. */
export const atOnce: Attempt = (read) => read();

/** Collects what is wrong with several files, so that an operator learns of all at once. */
export class Findings {
  readonly #errors: EpcscfTurnError[] = [];

  /** The code of the first error; `undefined` when there is none. */
  get code(): ErrorCode | undefined {
    return this.#errors[0]?.code;
  }

  get lines(): string[] {
    return this.#errors.flatMap(({ problems }) => problems);
  }

  /**
   * Runs a step. Notes what it throws about the configuration, and returns `undefined` then, or when the step needs an unknown value. Other
   * errors pass through.
   */
  readonly attempt: Attempt = (read) => {
    try {
      return read();
    } catch (error) {
      this.#keep(error);
      return undefined;
    }
  };

  /** Awaits what `make` returns. What it throws or rejects with is noted, as by `attempt`, and the result is `undefined`. */
  async attemptLater<T>(make: () => Promise<T>): Promise<T | undefined> {
    try {
      return await make();
    } catch (error) {
      this.#keep(error);
      return undefined;
    }
  }

  #keep(error: unknown): void {
    if (error instanceof UnknownValue) return;
    if (!(error instanceof EpcscfTurnError)) throw error;
    this.#errors.push(error);
  }

  /** Throws one error for all findings, if there are any: a line for each, and the code of the first. */
  throwAny(): void {
    const [first, ...others] = this.#errors;
    if (!first) return;
    if (others.length === 0) throw first;
    throw new EpcscfTurnError(first.code, this.lines, { cause: first });
  }
}
