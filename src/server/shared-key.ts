import { defaultRealm } from '../config/long-term-users.ts';
import { type CredentialKeys } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { inRealm } from '../credentials/combined.ts';
import { type LocalIssuer, type LocalVerifier } from '../credentials/credential.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { createSharedKeyIssuer } from '../credentials/shared-key/issuer.ts';
import { IssuedNames } from '../credentials/shared-key/issued-names.ts';
import { createKeyRing } from '../credentials/shared-key/key-ring.ts';
import { createPseudonyms, type Pseudonyms } from '../credentials/shared-key/pseudonym.ts';
import { createSharedKeyVerifier, type SharedKeyVerifierOptions } from '../credentials/shared-key/verifier.ts';

/** Approach 1, as configured: what mints, what checks, and what maps a name back to its registration. */
export interface SharedKey {
  readonly issuer: LocalIssuer;
  readonly verifier: LocalVerifier;
  readonly verifierOptions: SharedKeyVerifierOptions;
  readonly pseudonyms: Pseudonyms;
  readonly realm: string;
  /** The names handed out, where a client may hide its own behind a hash. */
  readonly issuedNames: IssuedNames | undefined;
}

/** `revoke` denies names of this process. Throws ERR_CONFIG_INVALID when the keys make no ring. */
export function createSharedKey(
  config: Config,
  { keys, pseudonymKey }: CredentialKeys,
  revoke?: (entry: Revocation) => void,
): SharedKey {
  const { turn, credentials } = config;
  const { order, separator, hash, realmBound, policy, ttl, skewSec, maxRegistrations } = credentials;
  const keyRing = createKeyRing(keys);
  const profile = { order, separator, hash, realmBound };
  const pseudonyms = createPseudonyms(pseudonymKey, keyRing.newest.secret);
  const realm = defaultRealm(config);
  const verifierOptions = { keyRing, profile, skewSec };
  const issuer = createSharedKeyIssuer({
    ...{ keyRing, profile, pseudonyms, realm, policy, ttl, maxRegistrations },
    revoke:
      revoke &&
      (({ user, untilSec }) => {
        revoke({ user, untilSec: untilSec + skewSec });
      }),
  });
  const anyRealm = createSharedKeyVerifier(verifierOptions);
  const verifier = realmBound ? anyRealm : inRealm(realm, anyRealm);
  const issuedNames = turn.usernameAnonymity ? new IssuedNames({ realm, max: maxRegistrations, skewSec }) : undefined;
  return {
    issuer: issuedNames?.noting(issuer) ?? issuer,
    verifier: issuedNames?.finding(verifier) ?? verifier,
    verifierOptions,
    pseudonyms,
    realm,
    issuedNames,
  };
}
