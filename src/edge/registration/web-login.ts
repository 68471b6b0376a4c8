import { type OwnText } from '../../base/own-text.ts';

/**
 * Whom a web token has proven a client to be (TS 24.371 §6, registration scenarios 2 and 3 of TS 33.203 X.2 and X.4). It stands beside `DigestLogin`: a
 * registration has one of the two.
 */
export interface WebLogin {
  /** Private user identity, `user@domain`. */
  readonly impi: OwnText;
  /** What the core is told of the authorization server (WAF) that has issued the token. */
  readonly entity: OwnText;
  /** When the token ends, in UNIX seconds: nothing that is based on it lasts longer. */
  readonly expiresAtSec: number;
  /** Whether the identity is lent from the pool of a web server (WWSF), and given to others later. */
  readonly isPool: boolean;
}
