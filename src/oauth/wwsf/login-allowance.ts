import { addressKey } from '../../base/address-key.ts';
import { type Now } from '../../base/clock.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';

/** Limit for login steps of one address, since each step may ask another server. An office may log in behind one address. */
const OF_ADDRESS = { burst: 60, perSec: 1, maxKeys: 10_000 };
/** Limit for successful logins of one user: each takes a session, with an allowance of credentials of its own. */
const OF_USER = { burst: 20, perSec: 1 / 30, maxKeys: 50_000 };

/** How often users may log in, whichever way they do. */
export class LoginAllowance {
  readonly #ofAddress = new TokenBuckets(OF_ADDRESS);
  readonly #ofUser = new TokenBuckets(OF_USER);

  /** Whether this address may take another step of a login. */
  takeStep(remoteAddress: string, { monotonicMs }: Now): boolean {
    return this.#ofAddress.take(addressKey(remoteAddress), monotonicMs) === 0;
  }

  /** Whether this user may have another session. */
  takeSession(impi: string, { monotonicMs }: Now): boolean {
    return this.#ofUser.take(impi, monotonicMs) === 0;
  }
}
