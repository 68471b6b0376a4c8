import { EpcscfTurnError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { readTextFile } from './text-file.ts';

/** The secret that was written, or that a file holds; `undefined` when neither was given. Throws ERR_CONFIG_UNREADABLE. */
export function secretOf(secret: Secret | undefined, file: string | undefined, path: string): Secret | undefined {
  return secret ?? (file === undefined ? undefined : readSecretFile(file, path));
}

/** One newline at the end is not part of the secret: editors and `echo` write one. */
function readSecretFile(file: string, path: string): Secret {
  const text = readTextFile(file, path, 'ERR_CONFIG_UNREADABLE').replace(/\r?\n$/, '');
  if (text === '') throw new EpcscfTurnError('ERR_CONFIG_UNREADABLE', `${path}: ${file} is empty`);
  return new Secret(text);
}
