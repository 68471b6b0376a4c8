import { type Now } from '../../../src/base/clock.ts';
import { Secret } from '../../../src/base/secret.ts';
import {
  createAccessTokenIssuer,
  type AccessTokenIssuerOptions,
} from '../../../src/credentials/access-token/issuer.ts';
import { createAccessTokenVerifier } from '../../../src/credentials/access-token/verifier.ts';
import { type CredentialVerifier } from '../../../src/credentials/credential.ts';
import {
  createAccessTokenKeyRing,
  readAccessTokenKey,
  type AccessTokenKey,
  type TokenAlgorithm,
} from '../../../src/credentials/access-token/token-keys.ts';
import { unwrap } from '../../support/unwrap.ts';

export const SERVER_NAME = 'turn.example';

export function tokenKey(
  kid: string,
  algorithm: TokenAlgorithm = 'A256GCM',
  bytes = `the key K of ${kid}`,
): AccessTokenKey {
  const secret = Buffer.alloc(32, bytes).toString('base64');
  return unwrap(readAccessTokenKey(kid, algorithm, new Secret(secret)));
}

export const north = tokenKey('north');
export const south = tokenKey('south', 'A128GCM');

/** What opens tokens of `north` and `south`. */
export function tokenVerifier(coturnCompat?: { readonly lifetimeSec: number }): CredentialVerifier {
  const keys = createAccessTokenKeyRing([north, south]);
  return createAccessTokenVerifier({ serverName: SERVER_NAME, keys, skewSec: 5, coturnCompat });
}

/** A token of this edge, as a client holds it. */
export function heldToken(
  now: Now,
  changes: { readonly registrationId?: string; readonly wishedTtlSec?: number } = {},
  issuer = tokenIssuer(),
) {
  const request = { registrationId: 'r', person: 'alice', grantedExpiresSec: 0, ...changes };
  const { kid, key, token, user, expiresAtSec } = unwrap(issuer.issue(request, now));
  return { kid, macKey: Buffer.from(key.revealText(), 'base64'), token, user, expiresAtSec };
}

export function tokenIssuer(options: Partial<AccessTokenIssuerOptions> = {}) {
  return createAccessTokenIssuer({
    key: north,
    serverName: SERVER_NAME,
    ttl: { defaultSec: 3600, minSec: 60, maxWishSec: 1e6, maxSec: 1e6 },
    pseudonymKey: new Secret('pseudonym key'),
    maxRegistrations: 100,
    ...options,
  });
}
