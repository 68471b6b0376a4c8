import { Secret } from '../../../src/base/secret.ts';
import {
  createAccessTokenIssuer,
  type AccessTokenIssuerOptions,
} from '../../../src/credentials/access-token/issuer.ts';
import {
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

export function tokenIssuer(options: Partial<AccessTokenIssuerOptions> = {}) {
  return createAccessTokenIssuer({
    key: north,
    serverName: SERVER_NAME,
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    pseudonymKey: new Secret('pseudonym key'),
    maxRegistrations: 100,
    ...options,
  });
}
