/** An identity that nobody else may have before a time. */
export interface BookedLoan {
  /** Private identity. */
  readonly impi: string;
  /** UNIX seconds. */
  readonly untilSec: number;
}

/** Remembers loans beyond the end of the process: a token that was made before a restart is good after it. */
export interface LoanBook {
  /** What was noted before, and has not ended. */
  readonly loans: readonly BookedLoan[];
  /** False when it cannot be noted: then the identity is not lent. */
  note(loan: BookedLoan): boolean;
}
