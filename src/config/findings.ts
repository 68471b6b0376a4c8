import { EpcscfTurnError } from '../core/errors.ts';

/** Runs a step that may throw for a file; what it is given decides whether others still run. */
export type Attempt = <T>(read: () => T) => T | undefined;

/** The first file that cannot be used ends it. */
export const atOnce: Attempt = (read) => read();

/** Collects what is wrong with several files, so that an operator learns of all at once. */
export class Findings {
  readonly #errors: EpcscfTurnError[] = [];

  /** `undefined` when it failed. Errors that are not about the configuration pass through. */
  readonly attempt: Attempt = (read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof EpcscfTurnError)) throw error;
      this.#errors.push(error);
      return undefined;
    }
  };

  /** One error with a line for each finding, and the code of the first. */
  throwAny(): void {
    const [first, ...others] = this.#errors;
    if (!first) return;
    if (others.length === 0) throw first;
    const text = this.#errors.map(({ message }) => message).join('\n');
    throw new EpcscfTurnError(first.code, text, { cause: first });
  }
}
