/** Hash of the password function, as Kamailio's auth_ephemeral and coturn name them. */
export const PASSWORD_HASHES = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
export type PasswordHash = (typeof PASSWORD_HASHES)[number];

export const USERNAME_ORDERS = ['t:u', 'u:t'] as const;
export type UsernameOrder = (typeof USERNAME_ORDERS)[number];

/**
 * How u and t make a USERNAME and a password. Edge and TURN server hold the same profile; the verifier never guesses between two.
 * The default (`t:u`, ':', sha1, not bound to the realm) is what coturn's use-auth-secret and eturnal's secret expect.
 */
export interface SharedKeyProfile {
  readonly order: UsernameOrder;
  /** One printable ASCII character that is no digit and cannot occur in our own u (letters, digits, '-', '_'). */
  readonly separator: string;
  readonly hash: PasswordHash;
  /** Mixes the realm into the password, so that one Km serves several realms without one's credentials opening another. */
  readonly realmBound: boolean;
}

export interface SplitUsername {
  /** u */
  readonly name: string;
  /** t, absolute UNIX seconds */
  readonly expiresAtSec: number;
}

export function formatUsername({ order, separator }: SharedKeyProfile, { name, expiresAtSec }: SplitUsername): string {
  return order === 't:u' ? `${expiresAtSec}${separator}${name}` : `${name}${separator}${expiresAtSec}`;
}

/**
 * Splits at the first separator and checks the whole string; `undefined` when it is not of the profile's form. In `t:u` order t alone is
 * a form as well, as coturn mints it for no user in particular: u is then empty, and all who use it are one user.
 */
export function splitUsername({ order, separator }: SharedKeyProfile, username: string): SplitUsername | undefined {
  const at = username.indexOf(separator);
  if (at < 0) return order === 't:u' ? read(username, '') : undefined;
  const head = username.slice(0, at);
  const tail = username.slice(at + separator.length);
  const [digits, name] = order === 't:u' ? [head, tail] : [tail, head];
  return name === '' ? undefined : read(digits, name);
}

/** 16 digits hold every safe integer; a leading zero would give one expiry two spellings. */
function read(digits: string, name: string): SplitUsername | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(digits)) return undefined;
  const expiresAtSec = Number(digits);
  return Number.isSafeInteger(expiresAtSec) ? { name, expiresAtSec } : undefined;
}
