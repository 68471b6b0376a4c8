import { EpcscfTurnError, type ErrorCode } from '../base/errors.ts';
import { UnknownValue } from './schema/known-part.ts';

/** Runs a step that may throw for a file; what it is given decides whether others still run. */
export type Attempt = <T>(read: () => T) => T | undefined;

/** The first file that cannot be used ends it. */
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

  /** `undefined` when it failed, or needs what is not known. Errors that are not about the configuration pass through. */
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

  /** One error with a line for each finding, and the code of the first. */
  throwAny(): void {
    const [first, ...others] = this.#errors;
    if (!first) return;
    if (others.length === 0) throw first;
    throw new EpcscfTurnError(first.code, this.lines, { cause: first });
  }
}
