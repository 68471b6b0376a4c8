import { addressKey } from '../../base/address-key.ts';
import { type Now } from '../../base/clock.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { POOL_TOKEN_SEC } from '../as/token-maker.ts';
import { type OAuthContext, remoteAddressOf } from '../oauth-http.ts';
import { IdentityPool } from './identity-pool.ts';
import { type Session, Sessions } from './sessions.ts';
import { type SignIn } from './sign-in.ts';
import { refuse } from './wwsf-http.ts';

export interface GuestOptions {
  /** Private identities to lend; empty: there are no guests. */
  readonly pool: Iterable<string>;
  /** Life of a registration token in seconds. */
  readonly registrationTokenSec: number;
}

/** How many guests one address may have. */
const OF_ADDRESS = { burst: 10, perSec: 1 / 30, maxKeys: 10_000 };
const RETRY_SEC = 30;

/** People who have not logged in, each with an identity of the pool (registration scenario 3 of TS 33.203 Annex X). */
export class Guests {
  readonly #pool: IdentityPool;
  readonly #loanSec: number;
  readonly #signIn: SignIn;
  readonly #ofAddress = new TokenBuckets(OF_ADDRESS);

  constructor({ pool, registrationTokenSec }: GuestOptions, signIn: SignIn) {
    this.#pool = new IdentityPool(pool);
    this.#loanSec = Math.min(registrationTokenSec, POOL_TOKEN_SEC);
    this.#signIn = signIn;
  }

  /** Begins a session with an identity that is free. */
  begin(context: OAuthContext, now: Now): Response {
    const waitSec = this.#ofAddress.take(addressKey(remoteAddressOf(context)), now.monotonicMs);
    if (waitSec > 0) {
      this.#signIn.refused('too-many-logins');
      return refuse(context, 'too_many_requests', waitSec);
    }
    const name = Sessions.fresh();
    const impi = this.#pool.lend(name.key, this.loanEndSec(now), now);
    if (impi === undefined) {
      this.#signIn.refused('no-identity');
      return refuse(context, 'no_identity', RETRY_SEC);
    }
    const session = this.#signIn.begin(context, 'guest', { impi, impus: [`sip:${impi}`] }, now, name);
    return context.json(describeSession(session));
  }

  /** The end, in UNIX seconds, of a token for an identity that is lent now. */
  loanEndSec({ unixMs }: Now): number {
    return Math.floor(unixMs / 1000) + this.#loanSec;
  }

  /** Whether the guest still has the identity, or can have it back; it is then lent for another token. */
  keep({ impi, key }: Session, now: Now): boolean {
    return this.#pool.keep(impi, key, this.loanEndSec(now), now);
  }

  /** The token that was made ends at `untilSec`: the identity goes to nobody else before. */
  tokenMade(session: Session, untilSec: number, now: Now): void {
    if (session.isGuest && untilSec > this.loanEndSec(now)) this.#pool.keep(session.impi, session.key, untilSec, now);
  }

  holds({ impi, key }: Session, now: Now): boolean {
    return this.#pool.isHeld(impi, key, now);
  }

  /** A registration by token has ended. */
  ended(impi: string, now: Now): void {
    this.#pool.ended(impi, now);
  }
}

/** What a page learns of its session. */
export function describeSession({ impi, impus, isGuest }: Session) {
  return { user: impi.slice(0, impi.lastIndexOf('@')), impi, impu: impus, guest: isGuest };
}
