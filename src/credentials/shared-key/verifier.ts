import { type Now } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { constantTimeEqual } from '../../base/secret.ts';
import {
  KEY_ALGORITHMS,
  type LocalVerifier,
  type KeyAlgorithm,
  type KnownUser,
  type LookupFailure,
} from '../credential.ts';
import { longTermKey } from '../long-term-key.ts';
import { type KeyRing } from './key-ring.ts';
import { createPasswordFunction } from './password.ts';
import { createPersonSeal } from './person-seal.ts';
import { splitUsername, type SharedKeyProfile, type SplitUsername } from './profile.ts';

export interface SharedKeyVerifierOptions {
  readonly keyRing: KeyRing;
  readonly profile: SharedKeyProfile;
  /** Seconds that the clocks of edge and TURN server may differ: a credential is good while now < t + skew. */
  readonly skewSec: number;
}

/** Step 10 of figure 6.3.3-1: split USERNAME into u and t, refuse a t that has passed, recompute p under every Km of the ring. */
export function createSharedKeyVerifier({ keyRing, profile, skewSec }: SharedKeyVerifierOptions): LocalVerifier {
  const ring = keyRing.all.map(({ id, secret }) => ({
    id,
    passwordOf: createPasswordFunction(secret, profile),
    seal: createPersonSeal(secret),
  }));
  return {
    keyAlgorithms: KEY_ALGORITHMS,
    lookup({ username, realm }, now): Result<KnownUser, LookupFailure> {
      const split = splitUsername(profile, username);
      if (!split) return fail('unknown-form');
      if (hasExpired(split, skewSec, now)) return fail('expired');
      const keys = ring.map(({ id, passwordOf, seal }) => ({
        keyId: id,
        person: () => seal.open(split.name),
        integrityKey: (algorithm: KeyAlgorithm) => longTermKey(algorithm, username, realm, passwordOf(username, realm)),
      }));
      return ok({ user: split.name, expiresAtSec: split.expiresAtSec + skewSec, keys });
    },
  };
}

function hasExpired({ expiresAtSec }: SplitUsername, skewSec: number, now: Now): boolean {
  return now.unixMs >= (expiresAtSec + skewSec) * 1000;
}

export interface CredentialCheck extends SplitUsername {
  /** The key of the ring that made the password. */
  readonly keyId: string;
  readonly expired: boolean;
}

/**
 * Says of a username and password which key made them and when they end: for an operator, not for the packet path.
 * An expired credential is still told apart from a forged one.
 */
export function checkCredential(
  { keyRing, profile, skewSec }: SharedKeyVerifierOptions,
  { username, password, realm }: { username: string; password: string; realm: string },
  now: Now,
): Result<CredentialCheck, 'unknown-form' | 'wrong-key-or-password'> {
  const split = splitUsername(profile, username);
  if (!split) return fail('unknown-form');
  const given = Buffer.from(password, 'utf8');
  const key = keyRing.all.find(({ secret }) =>
    constantTimeEqual(Buffer.from(createPasswordFunction(secret, profile)(username, realm), 'utf8'), given),
  );
  return key
    ? ok({ ...split, keyId: key.id, expired: hasExpired(split, skewSec, now) })
    : fail('wrong-key-or-password');
}
