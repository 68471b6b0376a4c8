import { EpcscfTurnError } from '../base/errors.ts';
import { type Secret } from '../base/secret.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** A token that an Authorization header can carry, and long enough not to be guessed. */
const TOKEN = /^[\x21-\x7e]{16,}$/;

/**
 * The token of the operator in the file of `admin.tokenFile`. `undefined` when the configuration names no file. Throws ERR_CONFIG_UNREADABLE or
 * ERR_CONFIG_INVALID.
 */
export function givenAdminToken({ admin }: Config): Secret | undefined {
  return admin.tokenFile === undefined ? undefined : readToken(admin.tokenFile, 'admin.tokenFile');
}

/** The token of an operator in a file that `path` has named. Throws ERR_CONFIG_UNREADABLE or ERR_CONFIG_INVALID. */
export function readToken(file: string, path: string): Secret | undefined {
  const token = secretOf(undefined, file, path);
  if (token && !TOKEN.test(token.revealText())) {
    throw new EpcscfTurnError(
      'ERR_CONFIG_INVALID',
      `${path}: expected one line of 16 or more printable ASCII characters without spaces in ${file}`,
    );
  }
  return token;
}
