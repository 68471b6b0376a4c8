import { type Now } from '../../../base/clock.ts';
import { type Credential } from '../authentication/authenticate.ts';
import { type AllocationOptions, type ExpiryPolicy } from '../engine-options.ts';

/** RFC 8656 §7.2 and §8.2: the wish bounded by the maximum, and never less than the default. Refresh handles its zero before. */
export function desiredLifetimeSec(wishedSec: number | undefined, options: AllocationOptions): number {
  const wished = Math.min(wishedSec ?? 0, options.maxLifetimeSec);
  return Math.max(wished, options.defaultLifetimeSec);
}

/** Whole seconds until the credential ends, negative after it; Infinity when it does not. */
export function credentialLeftSec({ expiresAtSec }: Credential, now: Now): number {
  return expiresAtSec === undefined ? Infinity : Math.floor(expiresAtSec - now.unixMs / 1000);
}

/** What is left of `desiredSec` under the policy. Zero or less: nothing can be granted. */
export function grantableLifetimeSec(
  desiredSec: number,
  credential: Credential,
  policy: ExpiryPolicy,
  now: Now,
): number {
  const isBounded = policy !== 'allocate-only' || credential.endsAllocations;
  return isBounded ? Math.min(desiredSec, credentialLeftSec(credential, now)) : desiredSec;
}
