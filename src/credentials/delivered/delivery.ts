import { type Now } from '../../base/clock.ts';
import { type Outcome } from '../../base/outcome.ts';
import { type Result } from '../../base/result.ts';
import { type DeliveryFailure } from './delivery-words.ts';

/** Whom a credential is for, as the TURN server sees it. */
export interface DeliveredName {
  /** u: the whole of USERNAME. */
  readonly user: string;
  readonly realm: string;
}

/** What the edge delivers for a user: enough to check a password, and not the password. */
export interface DeliveredCredential extends DeliveredName {
  /** MD5 of `user:realm:password`, 16 bytes (RFC 8489 §9.2.2). */
  readonly key: Buffer;
  /** Whom quotas count: a handle that is the same for all credentials of one person, and names nobody. */
  readonly person: string;
  /** t: absolute UNIX seconds. */
  readonly expiresAtSec: number;
}

/** The interface between edge and TURN server of figure 6.3.3-2, on the edge's side. */
export interface Delivery {
  /** Never throws. `ok`: every TURN server that reads the store knows the credential from here on. */
  put(credential: DeliveredCredential, now: Now): Outcome<Result<DeliveredCredential, DeliveryFailure>>;
  /** Takes a credential back, now or as soon as the store can be reached. After `expiresAtSec` there is nothing to take. */
  remove(credential: DeliveredName & { readonly expiresAtSec: number }): void;
}

/** What a TURN server finds for a name. */
export interface UserKey {
  /** MD5 of `user:realm:password`, 16 bytes. */
  readonly key: Buffer;
  /** Absent where the store names nobody, as for users that other programs wrote. */
  readonly person?: string | undefined;
  /** Absolute UNIX seconds; absent for a user without an end. */
  readonly expiresAtSec?: number | undefined;
}

/** Where a TURN server finds the keys that an edge has delivered. */
export interface UserKeys {
  /** Never throws, whatever the name holds. `undefined`: nobody of that name. */
  find(name: DeliveredName, now: Now): Outcome<Result<UserKey | undefined, DeliveryFailure>>;
}
