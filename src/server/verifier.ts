import { type LongTermUser } from '../config/long-term-users.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { combineVerifiers, withAccessTokens } from '../credentials/combined.ts';
import { type CredentialVerifier } from '../credentials/credential.ts';
import { createStaticVerifier, type StaticUser } from '../credentials/static/verifier.ts';
import { type SharedKey } from './shared-key.ts';

/** Verifiers beside those of Km and of long-term users, where they are configured. */
export interface FurtherWays {
  /** Verifies requests that bring an ACCESS-TOKEN. */
  readonly tokens?: CredentialVerifier | undefined;
  /** Verifies the users of approach 2. */
  readonly delivered?: CredentialVerifier | undefined;
}

/**
 * All who may use the TURN server. Who brings an access token is judged by that alone, and nobody else is asked. Of the others those are asked first
 * that answer at once, and of these the long-term users: a name that was written down is meant.
 */
export function createVerifier(
  config: Config,
  secrets: LoadedSecrets,
  sharedKey: SharedKey,
  { tokens, delivered }: FurtherWays = {},
): CredentialVerifier {
  const { longTermUsers, generated } = secrets;
  const verifiers = [
    ...(longTermUsers.length > 0 ? [createStaticVerifier(longTermUsers.flatMap(staticUser))] : []),
    // Nobody mints with a Km that was made here because none was given, unless the edge of this process does.
    ...(!delivered || !generated.km || mints(config) ? [sharedKey.verifier] : []),
    ...(delivered ? [delivered] : []),
  ];
  const [only] = verifiers;
  const users = verifiers.length === 1 && only ? only : combineVerifiers(verifiers);
  return tokens ? withAccessTokens(tokens, users) : users;
}

function mints({ edge, credentials }: Config): boolean {
  return edge.enabled && credentials.approach === 'shared-key';
}

function staticUser({ name, realm, password, key }: LongTermUser): StaticUser[] {
  if (password) return [{ name, realm, proof: { password } }];
  return key ? [{ name, realm, proof: { md5Key: Buffer.from(key.revealText(), 'hex') } }] : [];
}
