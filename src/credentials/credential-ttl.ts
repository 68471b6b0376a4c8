import { type IssueRequest } from './credential.ts';

/**
 * When a registration gets a credential of its own. `per-registration`: every REGISTER and OPTIONS makes one. `reuse`: the same is handed out
 * until half of its life is over, which by the lifetime rule never is before the registration must be renewed.
 */
export type IssuePolicy = 'per-registration' | 'reuse';

/**
 * Seconds. A credential without a wish lives max(`defaultSec`, 2 × granted expires); a wish is honoured from `minSec`, up to what a client
 * without one gets, or to `maxWishSec` where that is more; nothing passes `maxSec`.
 */
export interface CredentialTtl {
  readonly defaultSec: number;
  readonly minSec: number;
  readonly maxWishSec?: number | undefined;
  readonly maxSec: number;
}

/** Lifetime in seconds by the rule of `CredentialTtl`, and never past `notAfterSec`: zero or less when that has passed. */
export function ttlFor(ttl: CredentialTtl, request: IssueRequest, nowSec: number): number {
  const { defaultSec, minSec, maxWishSec = 0, maxSec } = ttl;
  const { wishedTtlSec, grantedExpiresSec, notAfterSec = Infinity } = request;
  const unwishedSec = Math.max(defaultSec, 2 * grantedExpiresSec);
  const mostSec = Math.max(unwishedSec, maxWishSec);
  const wantedSec = wishedTtlSec === undefined ? unwishedSec : Math.min(Math.max(minSec, wishedTtlSec), mostSec);
  return Math.floor(Math.min(wantedSec, maxSec, notAfterSec - nowSec));
}

/** Whether a credential that was made for `ttlSec` is one to hand out again. */
export function isReusable(
  { expiresAtSec }: { readonly expiresAtSec: number },
  ttlSec: number,
  nowSec: number,
): boolean {
  const remainingSec = expiresAtSec - nowSec;
  // A wall clock set back makes the old credential outlive its ttl: mint anew then, too.
  return remainingSec > ttlSec / 2 && remainingSec <= ttlSec;
}
