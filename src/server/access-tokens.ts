import { type GivenTokenKey } from '../config/access-token-keys.ts';
import { defaultRealm } from '../config/long-term-users.ts';
import { type CredentialKeys } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { createAccessTokenIssuer, type LocalAccessTokenIssuer } from '../credentials/access-token/issuer.ts';
import {
  createAccessTokenKeyRing,
  eitherOf,
  readAccessTokenKey,
  type AccessTokenKey,
  type AccessTokenKeys,
} from '../credentials/access-token/token-keys.ts';
import { createAccessTokenVerifier } from '../credentials/access-token/verifier.ts';
import { type CredentialVerifier } from '../credentials/credential.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';

/** Access tokens (RFC 7635), as configured: what makes them and what checks them. */
export interface AccessTokens {
  /** The name of the TURN servers that the tokens are for. */
  readonly serverName: string;
  /** Makes access tokens for clients of the edge; absent when the only keys are those of Redis, which can only check tokens. */
  readonly issuer: LocalAccessTokenIssuer | undefined;
  /**
   * Makes access tokens for clients of the authorization server; absent like `issuer`. Such clients name as many users as they like, so this
   * issuer has a memory of its own.
   */
  readonly webIssuer: LocalAccessTokenIssuer | undefined;
  /** Makes a verifier of access tokens. `further`: keys besides those of the configuration, which come first. */
  verifier(further?: AccessTokenKeys): CredentialVerifier;
}

export type AccessTokenSecrets = Pick<CredentialKeys, 'pseudonymKey'> & {
  readonly tokenKeys: readonly GivenTokenKey[];
};

/** `revoke` denies holders. `undefined` where keys of tokens are neither configured nor looked for: then nobody is told of tokens. */
export function createAccessTokens(
  config: Config,
  { tokenKeys, pseudonymKey }: AccessTokenSecrets,
  revoke?: (entry: Revocation) => void,
): AccessTokens | undefined {
  const { oauth, credentials } = config;
  const keys = tokenKeys.map(keyOf);
  const [newest] = keys;
  if (!newest && !oauth.keysFromRedis) return undefined;
  const ring = createAccessTokenKeyRing(keys);
  const { skewSec, lifetimeSec, coturnCompat } = oauth;
  const serverName = oauth.serverName ?? defaultRealm(config);
  const { minSec, maxWishSec, maxSec } = credentials.ttl;
  const createIssuer = (): LocalAccessTokenIssuer | undefined =>
    newest &&
    createAccessTokenIssuer({
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
    });
  return {
    serverName,
    issuer: createIssuer(),
    webIssuer: createIssuer(),
    verifier: (further) =>
      createAccessTokenVerifier({
        serverName,
        keys: further ? eitherOf(ring, further) : ring,
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
