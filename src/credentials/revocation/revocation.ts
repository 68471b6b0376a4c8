import { type Now } from '../../base/clock.ts';

/** A TURN name that is no longer good, although the time of its credentials has not passed. */
export interface Revocation {
  /** u: what `KnownUser.user` is. */
  readonly user: string;
  /** UNIX seconds from which no credential of this name is good any more, so that the revocation need not be kept longer. */
  readonly untilSec: number;
}

/**
 * Which TURN names are revoked. One mechanism for every approach: a credential that is checked by a calculation (a shared key, an access token) cannot
 * be deleted anywhere, so its name is denied until the credential would have ended.
 */
export interface Revocations {
  /** Denies a name, and tells the observers if that is new. What has ended by itself already changes nothing. */
  revoke(entry: Revocation, now: Now): void;
  isRevoked(user: string, now: Now): boolean;
  /** Hears of each revocation as it is made. Returns a function that takes the observer off again. */
  observe(hear: (entry: Revocation) => void): () => void;
}
