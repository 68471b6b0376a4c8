import { fail, ok, type Result } from '../../base/result.ts';
import { identityKey } from '../registration/identity.ts';
import { isInPool } from './pool-pattern.ts';
import { type TokenMisuse } from './token-defect.ts';
import { type VerifiedToken, type WebClient } from './token-verifier.ts';

/** What a genuine token is good for. */
export interface TokenUse {
  /** Keys (`identityKey`) of the public identities that it is for. */
  readonly identities: ReadonlySet<string>;
  /** Whether its identity is lent from a pool, by its own word or by that of the configuration. */
  readonly isPool: boolean;
}

/**
 * Whether a page of this origin may use the token: its web server (WWSF) is one of the issuer's, the origin is one of that server and of the token (TS 33.203
 * X.2.1 REQ 1.1, X.4.1 REQ 3.3), and an identity that is lent comes from the pool of that server (REQ 3.2).
 */
export function judgeUse({ claims, issuer }: VerifiedToken, origin: string | undefined): Result<TokenUse, TokenMisuse> {
  const { clientId, impi, impus, origins } = claims;
  const client = issuer.clients.find(({ id }) => id === clientId);
  if (!client) return fail('token-client');
  if (!isAmong(origin, origins) || !isAmong(origin, client.origins)) return fail('token-origin');
  const isOwn = lends(client, impi);
  const isForeign = !isOwn && issuer.clients.some((other) => lends(other, impi));
  // What another web server lends is not this one's to vouch for.
  if (isForeign || (claims.isPool && !isOwn)) return fail('token-pool');
  return ok({ identities: new Set(impus.map(identityKey)), isPool: claims.isPool || isOwn });
}

function lends({ pools }: WebClient, impi: string): boolean {
  return pools.some((pattern) => isInPool(impi, pattern));
}

function isAmong(origin: string | undefined, allowed: readonly string[] | undefined): boolean {
  return allowed === undefined || (origin !== undefined && allowed.includes(origin));
}
