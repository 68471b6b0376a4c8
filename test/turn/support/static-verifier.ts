import { createHash } from 'node:crypto';
import { fail, ok } from '../../../src/base/result.ts';
import { type LocalVerifier } from '../../../src/credentials/credential.ts';

/** Users with passwords that never end. */
export function staticVerifier(users: Readonly<Record<string, string>>): LocalVerifier {
  const passwords = new Map(Object.entries(users));
  return {
    lookup: ({ username, realm }) => {
      const password = passwords.get(username);
      if (password === undefined) return fail('unknown-user');
      const integrityKey = (): Buffer => createHash('md5').update(`${username}:${realm}:${password}`).digest();
      return ok({ user: username, keys: [{ keyId: 'test', integrityKey }] });
    },
  };
}
