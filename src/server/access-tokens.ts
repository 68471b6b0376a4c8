import { type GivenTokenKey } from '../config/access-token-keys.ts';
import { defaultRealm } from '../config/long-term-users.ts';
import { type KeyMaterial } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { createAccessTokenIssuer, type LocalAccessTokenIssuer } from '../credentials/access-token/issuer.ts';
import {
  createAccessTokenKeyRing,
  readAccessTokenKey,
  type AccessTokenKey,
} from '../credentials/access-token/token-keys.ts';
import { createAccessTokenVerifier } from '../credentials/access-token/verifier.ts';
import { type CredentialVerifier } from '../credentials/credential.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';

/** Access tokens (RFC 7635), as configured: what makes them and what checks them. */
export interface AccessTokens {
  /** The name of the TURN servers that the tokens are for. */
  readonly serverName: string;
  readonly issuer: LocalAccessTokenIssuer;
  readonly verifier: CredentialVerifier;
}

export type AccessTokenMaterial = Pick<KeyMaterial, 'pseudonymKey'> & { readonly tokenKeys: readonly GivenTokenKey[] };

/** `revoke` denies holders. `undefined` where no key of a token is configured: then nobody is told of tokens. */
export function createAccessTokens(
  config: Config,
  { tokenKeys, pseudonymKey }: AccessTokenMaterial,
  revoke?: (entry: Revocation) => void,
): AccessTokens | undefined {
  const { oauth, credentials } = config;
  const keys = tokenKeys.map(keyOf);
  const [newest] = keys;
  if (!newest) return undefined;
  const { skewSec, lifetimeSec, coturnCompat } = oauth;
  const serverName = oauth.serverName ?? defaultRealm(config);
  const { minSec, maxWishSec, maxSec } = credentials.ttl;
  return {
    serverName,
    issuer: createAccessTokenIssuer({
      key: newest,
      serverName,
      ttl: { defaultSec: lifetimeSec, minSec: Math.min(minSec, lifetimeSec), maxWishSec, maxSec },
      pseudonymKey,
      maxRegistrations: credentials.maxRegistrations,
      revoke:
        revoke &&
        (({ user, untilSec }) => {
          revoke({ user, untilSec: untilSec + skewSec });
        }),
    }),
    verifier: createAccessTokenVerifier({
      serverName,
      keys: createAccessTokenKeyRing(keys),
      skewSec,
      coturnCompat: coturnCompat ? { lifetimeSec } : undefined,
    }),
  };
}

function keyOf({ kid, algorithm, secret }: GivenTokenKey): AccessTokenKey {
  const key = readAccessTokenKey(kid, algorithm, secret);
  if (!key.ok)
    throw new EpcscfTurnError('ERR_CONFIG_INVALID', `oauth.keys: the key ${kid} cannot be used (${key.reason})`);
  return key.value;
}
