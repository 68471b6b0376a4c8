import { EpcscfTurnError } from '../base/errors.ts';
import { type Secret } from '../base/secret.ts';
import { type Environment } from './environment.ts';
import { givenKeys, givenPseudonymKey, stateDirOf, type CredentialKeys } from './secrets.ts';
import { type Config } from './schema/tree.ts';
import { keptKey } from './state/lab-secrets.ts';
import { StateFolder } from './state/state-folder.ts';

/*
 * Keys for commands that only look: a key made here, because no server has made one in this folder, would match nobody's. Each throws as
 * `loadSecrets`, and ERR_STATE_DIR_UNUSABLE for a key that is neither given nor kept.
 */

/** What mints: the ring and the pseudonym key. */
export function storedKeys(config: Config, environment: Environment): CredentialKeys {
  return { keys: storedRing(config, environment), pseudonymKey: storedPseudonymKey(config, environment) };
}

/** Km, the newest first, which verifies credentials. */
export function storedRing(config: Config, environment: Environment): CredentialKeys['keys'] {
  const given = givenKeys(config);
  if (given.length > 0) return given;
  const path = stateDirOf(config, environment);
  const km = find(path, 'km.key');
  if (km) return [{ id: 'lab', secret: km }];
  throw missing('Km', path, 'credentials.keys');
}

/** The pseudonym key, which maps a TURN name back to its registration. */
export function storedPseudonymKey(config: Config, environment: Environment): Secret {
  const key = findPseudonymKey(config, environment);
  if (key) return key;
  throw missing('pseudonym key', stateDirOf(config, environment), 'credentials.pseudonymKey');
}

/** The pseudonym key; `undefined` when it is neither given nor kept in the state folder. */
export function findPseudonymKey(config: Config, environment: Environment): Secret | undefined {
  return givenPseudonymKey(config) ?? find(stateDirOf(config, environment), 'pseudonym.key');
}

function find(path: string, name: 'km.key' | 'pseudonym.key'): Secret | undefined {
  const folder = StateFolder.find(path);
  return folder && keptKey(folder, name);
}

function missing(what: string, path: string, key: string): EpcscfTurnError {
  const remedy = `set ${key} to that of the server, or stateDir to the folder of a server that has run`;
  return new EpcscfTurnError('ERR_STATE_DIR_UNUSABLE', `no ${what} in ${path}: ${remedy}`);
}
