import { type StateStore } from '../config/state/state-store.ts';
import { type BookedLoan, type LoanBook } from '../oauth/wwsf/loan-book.ts';

const FILE = 'guest-loans';
const LINE = /^(\d{1,12}) ([^\s@]{1,64}@[\w.-]{1,253})$/;
/** After so many lines the file is written anew, with the last of each identity. */
const MAX_LINES = 20_000;

export interface LoanFileContext {
  readonly state: StateStore;
  readonly nowSec: () => number;
  /** Hears why a loan could not be noted. */
  readonly report: (error: unknown) => void;
}

/**
 * The loans of guest identities in the state folder: a line for each token, `1795284607 guest1@example.com`, of which the last for an identity
 * counts.
 */
export class LoanFile implements LoanBook {
  readonly #context: LoanFileContext;
  readonly #ends: Map<string, number>;
  #lines: number;

  /** Throws ERR_STATE_DIR_UNUSABLE when the file cannot be read or written. */
  constructor(context: LoanFileContext) {
    this.#context = context;
    const ends = [...(context.state.read(FILE) ?? '').split('\n')].flatMap(readLine);
    this.#ends = new Map(ends);
    this.#rewrite();
    this.#lines = this.#ends.size;
  }

  get loans(): readonly BookedLoan[] {
    return [...this.#ends].map(([impi, untilSec]) => ({ impi, untilSec }));
  }

  note({ impi, untilSec }: BookedLoan): boolean {
    this.#ends.set(impi, untilSec);
    try {
      if (this.#lines >= MAX_LINES) this.#rewrite();
      else this.#context.state.append(FILE, line(impi, untilSec));
      this.#lines = this.#lines >= MAX_LINES ? this.#ends.size : this.#lines + 1;
      return true;
    } catch (error) {
      this.#context.report(error);
      return false;
    }
  }

  #rewrite(): void {
    const nowSec = this.#context.nowSec();
    for (const [impi, untilSec] of this.#ends) if (untilSec <= nowSec) this.#ends.delete(impi);
    this.#context.state.replace(FILE, [...this.#ends].map(([impi, untilSec]) => line(impi, untilSec)).join(''));
  }
}

/** A line that was cut by the end of a process says nothing. */
function readLine(text: string): [string, number][] {
  const [, until, impi] = LINE.exec(text) ?? [];
  return until === undefined || impi === undefined ? [] : [[impi, Number(until)]];
}

function line(impi: string, untilSec: number): string {
  return `${untilSec} ${impi}\n`;
}
