import { opaqueString } from '../../base/opaque-string.ts';
import { fail, ok } from '../../base/result.ts';
import { type Secret } from '../../base/secret.ts';
import { KEY_ALGORITHMS, type LocalVerifier, type KeyAlgorithm } from '../credential.ts';
import { longTermKey } from '../long-term-key.ts';
import { usernameHash } from '../username-hash.ts';

/** A user with a password that does not end. */
export interface StaticUser {
  readonly name: string;
  readonly realm: string;
  /** The password, or the 16 bytes that are MD5 of name, realm and password: whoever keeps no more knows no key of SHA-256. */
  readonly proof: { readonly password: Secret } | { readonly md5Key: Buffer };
}

const KEY_ID = 'static';

/**
 * Verifies long-term users of a fixed list. Names are compared as OpaqueString makes them (RFC 8265); of two users with the same name and realm
 * the last one counts.
 */
export function createStaticVerifier(users: readonly StaticUser[]): LocalVerifier {
  const byName = new Map(users.map((user) => [nameKey(user.name, user.realm), user]));
  const byHash = new Map(users.map((user) => [hashKey(usernameHash(user.name, user.realm)), user]));
  return {
    keyAlgorithms: users.every(({ proof }) => 'password' in proof) ? KEY_ALGORITHMS : ['md5'],
    lookup({ username, realm }) {
      const user = byName.get(nameKey(username, realm));
      return user ? ok(known(user, username)) : fail('unknown-user');
    },
    lookupHash({ userhash, realm }) {
      const user = byHash.get(hashKey(userhash));
      if (user?.realm !== realm) return fail('unknown-user');
      const username = opaqueString(user.name);
      return ok({ ...known(user, username), username });
    },
  };
}

/** `username` is hashed as the client wrote it, and known as the configuration does. */
function known({ name, realm, proof }: StaticUser, username: string) {
  const keyOf = (algorithm: KeyAlgorithm): Buffer | undefined => {
    if ('password' in proof) return longTermKey(algorithm, username, realm, proof.password.revealText());
    return algorithm === 'md5' ? proof.md5Key : undefined;
  };
  return { user: name, keys: [{ keyId: KEY_ID, integrityKey: keyOf }] };
}

/** A NUL is in no realm. */
function nameKey(name: string, realm: string): string {
  return `${realm}\0${opaqueString(name)}`;
}

function hashKey(userhash: Buffer): string {
  return userhash.toString('base64');
}
