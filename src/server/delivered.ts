import { defaultRealm } from '../config/long-term-users.ts';
import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type CredentialIssuer, type CredentialVerifier } from '../credentials/credential.ts';
import { type Delivery, type UserKeys } from '../credentials/delivered/delivery.ts';
import { createDeliveredIssuer } from '../credentials/delivered/issuer.ts';
import { MemoryStore } from '../credentials/delivered/memory-store.ts';
import { createDeliveredVerifier } from '../credentials/delivered/verifier.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';

/** Approach 2, as configured, in one run of a server. */
export interface Delivered {
  /** Absent where the edge makes credentials by another approach. */
  readonly issuer: CredentialIssuer | undefined;
  readonly verifier: CredentialVerifier;
}

/** `undefined` where nothing is delivered. `revoke` denies what was taken back. */
export function createDelivered(
  config: Config,
  material: Material,
  revoke: (entry: Revocation) => void,
): Delivered | undefined {
  if (config.credentials.approach !== 'delivered') return undefined;
  const store: Delivery & UserKeys = new MemoryStore(config.credentials.delivered.maxCredentials);
  return {
    issuer: createIssuer(config, material, store, revoke),
    verifier: createDeliveredVerifier(store),
  };
}

function createIssuer(
  config: Config,
  { pseudonymKey }: Material,
  delivery: Delivery,
  revoke: (entry: Revocation) => void,
): CredentialIssuer {
  const { policy, ttl, maxRegistrations } = config.credentials;
  const realm = defaultRealm(config);
  return createDeliveredIssuer({ delivery, realm, policy, ttl, personKey: pseudonymKey, maxRegistrations, revoke });
}
