import { type KeyMaterial } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type CredentialIssuer, type CredentialVerifier } from '../credentials/credential.ts';
import { createSharedKeyIssuer } from '../credentials/shared-key/issuer.ts';
import { createKeyRing } from '../credentials/shared-key/key-ring.ts';
import { createPseudonyms, type Pseudonyms } from '../credentials/shared-key/pseudonym.ts';
import { createSharedKeyVerifier, type SharedKeyVerifierOptions } from '../credentials/shared-key/verifier.ts';

/** Approach 1, as configured: what mints, what checks, and what maps a name back to its registration. */
export interface SharedKey {
  readonly issuer: CredentialIssuer;
  readonly verifier: CredentialVerifier;
  readonly verifierOptions: SharedKeyVerifierOptions;
  readonly pseudonyms: Pseudonyms;
  readonly realm: string;
}

/** Throws ERR_CONFIG_INVALID when the keys make no ring. */
export function createSharedKey({ domain, turn, credentials }: Config, { keys, pseudonymKey }: KeyMaterial): SharedKey {
  const { order, separator, hash, realmBound, policy, ttl, skewSec, maxRegistrations } = credentials;
  const keyRing = createKeyRing(keys);
  const profile = { order, separator, hash, realmBound };
  const pseudonyms = createPseudonyms(pseudonymKey);
  const realm = turn.realm ?? domain;
  const verifierOptions = { keyRing, profile, skewSec };
  return {
    issuer: createSharedKeyIssuer({ keyRing, profile, pseudonyms, realm, policy, ttl, maxRegistrations }),
    verifier: createSharedKeyVerifier(verifierOptions),
    verifierOptions,
    pseudonyms,
    realm,
  };
}
