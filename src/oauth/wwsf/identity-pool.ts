import { AgeMap } from '../../base/age-map.ts';
import { type Now } from '../../base/clock.ts';
import { type LoanBook } from './loan-book.ts';

interface Loan {
  /** `undefined` of a loan from before a restart: nobody can have it back. */
  readonly holder: string | undefined;
  /** UNIX seconds. */
  readonly untilSec: number;
  /** When the last token for it ends, by the monotonic clock: until then who had it may register by that token. */
  readonly tokenEndMs: number;
}

interface Returned {
  /** The last holder of the identity, who may have it back. */
  readonly holder: string | undefined;
  readonly fromMs: number;
}

/** 64·T1 (RFC 3261 §17.1.1.1): what was begun with a token may go on for so long after its end. */
const AFTERMATH_SEC = 32;

/** Identities that are lent to one user after the other (TS 24.371 §6.1). The one that was given back first is lent first. */
export class IdentityPool {
  readonly #free = new AgeMap<Returned>();
  /** The lent identities in the order in which they were lent last, which is the order in which their tokens end. */
  readonly #lent = new AgeMap<Loan>();

  readonly #book: LoanBook;

  /** Takes the private identities of the pool. A loan that is booked has no holder, and ends when it says. */
  constructor(impis: Iterable<string>, book: LoanBook, { monotonicMs, unixMs }: Now) {
    this.#book = book;
    for (const impi of impis) this.#free.set(impi, { holder: undefined, fromMs: 0 });
    for (const { impi, untilSec } of [...book.loans].sort((a, b) => a.untilSec - b.untilSec)) {
      if (!this.#free.has(impi)) continue;
      this.#free.delete(impi);
      const tokenEndMs = monotonicMs + (untilSec - AFTERMATH_SEC) * 1000 - unixMs;
      this.#lent.set(impi, { holder: undefined, untilSec, tokenEndMs });
    }
  }

  /** An identity that nobody has, for a token that ends at `expiresAtSec`; `undefined`: all are lent, or the loan cannot be booked. */
  lend(holder: string, expiresAtSec: number, now: Now): string | undefined {
    this.#takeBackEnded(now);
    for (const { key: impi, value } of this.#free.entries()) {
      if (value.fromMs > now.monotonicMs) continue;
      return this.#note(impi, holder, expiresAtSec, now) ? impi : undefined;
    }
    return undefined;
  }

  /** Whether this holder still has the identity, or can have it back, for another token. False too where the loan cannot be booked. */
  keep(impi: string, holder: string, expiresAtSec: number, now: Now): boolean {
    return this.isHeld(impi, holder, now) && this.#note(impi, holder, expiresAtSec, now);
  }

  /** Whether this holder has the identity, or had it last. */
  isHeld(impi: string, holder: string, now: Now): boolean {
    this.#takeBackEnded(now);
    return (this.#lent.get(impi) ?? this.#free.get(impi))?.holder === holder;
  }

  /** The registration of an identity has ended, so that others may have it. */
  ended(impi: string, now: Now): void {
    const loan = this.#lent.get(impi);
    if (!loan) return;
    this.#lent.delete(impi);
    const fromMs = Math.max(now.monotonicMs, loan.tokenEndMs);
    this.#free.set(impi, { holder: loan.holder, fromMs });
  }

  /** Books the loan before anybody gets a token for it. */
  #note(impi: string, holder: string, expiresAtSec: number, { monotonicMs, unixMs }: Now): boolean {
    const untilSec = expiresAtSec + AFTERMATH_SEC;
    if (!this.#book.note({ impi, untilSec })) return false;
    const tokenEndMs = monotonicMs + expiresAtSec * 1000 - unixMs;
    this.#free.delete(impi);
    this.#lent.set(impi, { holder, untilSec, tokenEndMs });
    return true;
  }

  #takeBackEnded({ unixMs }: Now): void {
    for (let { oldest } = this.#lent; oldest && oldest.value.untilSec * 1000 <= unixMs; { oldest } = this.#lent) {
      this.#lent.delete(oldest.key);
      this.#free.set(oldest.key, { holder: undefined, fromMs: 0 });
    }
  }
}
