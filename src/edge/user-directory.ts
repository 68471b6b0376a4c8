import { type Secret } from '../base/secret.ts';

/** The users of the embedded core: user part of the AoR to password. */
export interface UserDirectory {
  /** The password of a user; `undefined` when there is no such user. Names compare exactly, as RFC 3261 §19.1.4 has user parts. */
  passwordOf(user: string): Secret | undefined;
}

export function createUserDirectory(users: ReadonlyMap<string, Secret>): UserDirectory {
  return { passwordOf: (user) => users.get(user) };
}
