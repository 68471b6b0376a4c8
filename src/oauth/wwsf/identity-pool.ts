import { AgeMap } from '../../base/age-map.ts';
import { type Now } from '../../base/clock.ts';

interface Loan {
  readonly holder: string;
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

  /** Takes the private identities of the pool. */
  constructor(impis: Iterable<string>) {
    for (const impi of impis) this.#free.set(impi, { holder: undefined, fromMs: 0 });
  }

  /** An identity that nobody has, for a token that ends at `expiresAtSec`; `undefined`: all are lent. */
  lend(holder: string, expiresAtSec: number, now: Now): string | undefined {
    this.#takeBackEnded(now);
    for (const { key: impi, value } of this.#free.entries()) {
      if (value.fromMs > now.monotonicMs) continue;
      this.#free.delete(impi);
      this.#note(impi, holder, expiresAtSec, now);
      return impi;
    }
    return undefined;
  }

  /** Whether this holder still has the identity, or can have it back; it then has it for another token. */
  keep(impi: string, holder: string, expiresAtSec: number, now: Now): boolean {
    if (!this.isHeld(impi, holder, now)) return false;
    this.#free.delete(impi);
    this.#note(impi, holder, expiresAtSec, now);
    return true;
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

  #note(impi: string, holder: string, expiresAtSec: number, { monotonicMs, unixMs }: Now): void {
    const tokenEndMs = monotonicMs + expiresAtSec * 1000 - unixMs;
    this.#lent.set(impi, { holder, untilSec: expiresAtSec + AFTERMATH_SEC, tokenEndMs });
  }

  #takeBackEnded({ unixMs }: Now): void {
    for (let { oldest } = this.#lent; oldest && oldest.value.untilSec * 1000 <= unixMs; { oldest } = this.#lent) {
      this.#lent.delete(oldest.key);
      this.#free.set(oldest.key, { holder: undefined, fromMs: 0 });
    }
  }
}
