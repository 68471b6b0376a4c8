import { readablePassword } from '../config/state/lab-secrets.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';

/** A user of a lab; the password is generated unless given. */
export interface LabUser<Name extends string = string> {
  readonly name: Name;
  readonly password: string;
  /** `sip:alice@localhost` */
  readonly uri: string;
}

/** Whom `startLab` is asked for: a name, or a name with a password. */
export type LabUserRequest<Name extends string> = Name | { readonly name: Name; readonly password: string };

/** The passwords of the requested users, generated where none is given. Throws ERR_INVALID_ARGUMENT when a name comes twice. */
export function labPasswords(requests: readonly LabUserRequest<string>[]): Map<string, Secret> {
  const passwords = new Map<string, Secret>();
  for (const request of requests) {
    const { name, password } = typeof request === 'string' ? { name: request, password: readablePassword() } : request;
    if (passwords.has(name)) throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `users: "${name}" comes twice`);
    passwords.set(name, new Secret(password));
  }
  return passwords;
}

export function labUsersOf<Name extends string>(
  passwords: ReadonlyMap<string, Secret>,
  domain: string,
): Readonly<Record<Name, LabUser<Name>>> {
  const named = [...passwords].map(([name, password]): [string, LabUser] => {
    return [name, { name, password: password.revealText(), uri: `sip:${name}@${domain}` }];
  });
  return Object.fromEntries(named) as Record<Name, LabUser<Name>>;
}
