import { type LongTermUser } from '../config/long-term-users.ts';
import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { combineVerifiers } from '../credentials/combined.ts';
import { type CredentialVerifier } from '../credentials/credential.ts';
import { createStaticVerifier, type StaticUser } from '../credentials/static/verifier.ts';
import { type SharedKey } from './shared-key.ts';

/** All who may use the TURN server. `delivered`: the users of approach 2, if there are any. */
export function createVerifier(
  config: Config,
  material: Material,
  sharedKey: SharedKey,
  delivered?: CredentialVerifier,
): CredentialVerifier {
  const local = localVerifiers(config, material, sharedKey);
  const verifiers = delivered ? [...local, delivered] : local;
  const [only] = verifiers;
  return verifiers.length === 1 && only ? only : combineVerifiers(verifiers);
}

/** Those that answer at once come first. Of them the long-term users: a name that was written down is meant. */
function localVerifiers(config: Config, { longTermUsers, generated }: Material, { verifier }: SharedKey) {
  const users = longTermUsers.length > 0 ? [createStaticVerifier(longTermUsers.flatMap(staticUser))] : [];
  // Nobody mints with a Km that was made here because none was given, if credentials are delivered.
  const mints = config.credentials.approach === 'shared-key' || !generated.km;
  return mints ? [...users, verifier] : users;
}

function staticUser({ name, realm, password, key }: LongTermUser): StaticUser[] {
  if (password) return [{ name, realm, proof: { password } }];
  return key ? [{ name, realm, proof: { md5Key: Buffer.from(key.revealText(), 'hex') } }] : [];
}
