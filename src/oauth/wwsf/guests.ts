import { addressKey } from '../../base/address-key.ts';
import { type Now } from '../../base/clock.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { POOL_TOKEN_SEC } from '../as/token-maker.ts';
import { type OAuthContext, remoteAddressOf } from '../oauth-http.ts';
import { GuestPlaces } from './guest-places.ts';
import { IdentityPool } from './identity-pool.ts';
import { type LoanBook } from './loan-book.ts';
import { type Session, Sessions } from './sessions.ts';
import { type SignIn } from './sign-in.ts';
import { refuse } from './wwsf-http.ts';

export interface GuestOptions {
  /** Private identities to lend; empty: there are no guests. */
  readonly pool: Iterable<string>;
  /** Life of a registration token in seconds. */
  readonly registrationTokenSec: number;
  /** How many identities one address holds at a time. */
  readonly perAddress: number;
  readonly loans: LoanBook;
}

/** An address may begin all its guests at once, and as many again in so many seconds. */
const REFILL_SEC = 300;
const MAX_ADDRESSES = 10_000;
const RETRY_SEC = 30;

/** People who have not logged in, each with an identity of the pool (registration scenario 3 of TS 33.203 Annex X). */
export class Guests {
  readonly #pool: IdentityPool;
  readonly #loanSec: number;
  readonly #signIn: SignIn;
  readonly #ofAddress: TokenBuckets;
  readonly #places: GuestPlaces;

  constructor({ pool, registrationTokenSec, perAddress, loans }: GuestOptions, signIn: SignIn, now: Now) {
    this.#pool = new IdentityPool(pool, loans, now);
    this.#ofAddress = new TokenBuckets({ burst: perAddress, perSec: perAddress / REFILL_SEC, maxKeys: MAX_ADDRESSES });
    this.#places = new GuestPlaces(perAddress);
    this.#loanSec = Math.min(registrationTokenSec, POOL_TOKEN_SEC);
    this.#signIn = signIn;
  }

  /** Begins a session with an identity that is free. */
  begin(context: OAuthContext, now: Now): Response {
    const address = addressKey(remoteAddressOf(context));
    const waitSec = this.#places.waitSec(address, now) || this.#ofAddress.take(address, now.monotonicMs);
    if (waitSec > 0) {
      this.#signIn.refused('too-many-logins');
      return refuse(context, 'too_many_requests', waitSec);
    }
    const name = Sessions.fresh();
    const endSec = this.loanEndSec(now);
    const impi = this.#pool.lend(name.key, endSec, now);
    if (impi === undefined) {
      this.#signIn.refused('no-identity');
      return refuse(context, 'no_identity', RETRY_SEC);
    }
    this.#places.take(impi, address, endSec, now);
    const session = this.#signIn.begin(context, 'guest', { impi, impus: [`sip:${impi}`] }, now, name);
    return context.json(describeSession(session));
  }

  /** The end, in UNIX seconds, of a token for an identity that is lent now. */
  loanEndSec({ unixMs }: Now): number {
    return Math.floor(unixMs / 1000) + this.#loanSec;
  }

  /** Whether the guest still has the identity, or can have it back; it is then lent for another token. */
  keep({ impi, key }: Session, now: Now): boolean {
    return this.#keepUntil(impi, key, this.loanEndSec(now), now);
  }

  /** The token that was made ends at `untilSec`: the identity goes to nobody else before. */
  tokenMade(session: Session, untilSec: number, now: Now): void {
    if (session.isGuest && untilSec > this.loanEndSec(now)) this.#keepUntil(session.impi, session.key, untilSec, now);
  }

  holds({ impi, key }: Session, now: Now): boolean {
    return this.#pool.isHeld(impi, key, now);
  }

  /** A registration by token has ended. */
  ended(impi: string, now: Now): void {
    this.#pool.ended(impi, now);
  }

  #keepUntil(impi: string, key: string, endSec: number, now: Now): boolean {
    const isKept = this.#pool.keep(impi, key, endSec, now);
    if (isKept) this.#places.extend(impi, endSec, now);
    return isKept;
  }
}

/** What a page learns of its session. */
export function describeSession({ impi, impus, isGuest }: Session) {
  return { user: impi.slice(0, impi.lastIndexOf('@')), impi, impu: impus, guest: isGuest };
}
