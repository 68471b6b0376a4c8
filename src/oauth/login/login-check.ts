import { addressKey } from '../../base/address-key.ts';
import { type Now } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { type WebUser, type WebUsers } from '../web-users.ts';

/** How many wrong passwords one address may try for one user, and for all users together. */
const FOR_ONE_USER = { burst: 5, perSec: 1 / 30, maxKeys: 20_000 };
const FOR_ALL_USERS = { burst: 30, perSec: 0.2, maxKeys: 10_000 };

export const LOGIN_FAILURES = {
  'wrong-password': 'The user name or the password is wrong.',
  'too-many-failures': 'Too many tries have failed. Wait a minute, then try again.',
} as const;
export type LoginFailure = keyof typeof LOGIN_FAILURES;

/** Checks passwords, but not as many as a client would like to guess. Who shares a user's name but not the address keeps nobody out. */
export class LoginCheck {
  readonly #users: WebUsers;
  readonly #report: (remoteAddress: string, failure: LoginFailure, now: Now) => void;
  readonly #ofUser = new TokenBuckets(FOR_ONE_USER);
  readonly #ofAddress = new TokenBuckets(FOR_ALL_USERS);

  /** `report` is called with each failure. */
  constructor(users: WebUsers, report: (remoteAddress: string, failure: LoginFailure, now: Now) => void) {
    this.#users = users;
    this.#report = report;
  }

  check(name: string, password: string, remoteAddress: string, now: Now): Result<WebUser, LoginFailure> {
    const source = addressKey(remoteAddress);
    const pair = `${source} ${name.slice(0, 256)}`;
    const mayTry = this.#ofUser.has(pair, now.monotonicMs) && this.#ofAddress.has(source, now.monotonicMs);
    const user = mayTry ? this.#users.check(name, password) : undefined;
    if (user) return ok(user);
    if (mayTry) {
      this.#ofUser.take(pair, now.monotonicMs);
      this.#ofAddress.take(source, now.monotonicMs);
    }
    const failure = mayTry ? 'wrong-password' : 'too-many-failures';
    this.#report(remoteAddress, failure, now);
    return fail(failure);
  }
}
