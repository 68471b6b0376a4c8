import { type Secret } from '../base/secret.ts';
import { type Attempt } from './findings.ts';
import { knownEntries } from './schema/known-part.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** One of `credentials.users`, with what its file held: a password, or `key` as 32 hexadecimal digits. */
export interface LongTermUser {
  readonly name: string;
  readonly realm: string;
  readonly password: Secret | undefined;
  readonly key: Secret | undefined;
}

/** The TURN realm of users for which none is configured. */
export function defaultRealm({ domain, turn }: Config): string {
  return turn.realm ?? domain;
}

/** The users of `credentials.users`, with what their files hold. Throws ERR_CONFIG_UNREADABLE. */
export function longTermUsers(config: Config, attempt: Attempt): LongTermUser[] {
  return knownEntries(config.credentials.users).flatMap(({ entry: user, i }) => {
    const path = `credentials.users.${i}.passwordFile`;
    const password = attempt(() => secretOf(user.password, user.passwordFile, path));
    const known = attempt(() => ({ name: user.name, realm: user.realm ?? defaultRealm(config), key: user.key }));
    return known ? [{ ...known, password }] : [];
  });
}
