import { EpcscfTurnError } from '../../base/errors.ts';
import { type Secret } from '../../base/secret.ts';

/** One Km with the label that logs use for it. */
export interface SharedKey {
  readonly id: string;
  readonly secret: Secret;
}

/** Several Km at once: the first (newest) mints, all verify, so a key is rotated without a gap. */
export interface KeyRing {
  readonly newest: SharedKey;
  /** Newest first. */
  readonly all: readonly SharedKey[];
}

/** Throws ERR_CONFIG_INVALID for an empty ring, an empty key, or two keys of one id or value. */
export function createKeyRing(keys: readonly SharedKey[]): KeyRing {
  const [newest] = keys;
  if (!newest) throw invalid('expected at least one key, got none');
  keys.forEach((key, i) => {
    if (key.secret.byteLength === 0) throw invalid(`key "${key.id}" is empty`);
    for (const earlier of keys.slice(0, i)) {
      if (earlier.id === key.id) throw invalid(`two keys have the id "${key.id}"`);
      if (earlier.secret.equals(key.secret)) throw invalid(`keys "${earlier.id}" and "${key.id}" hold the same secret`);
    }
  });
  return { newest, all: [...keys] };
}

function invalid(what: string): EpcscfTurnError {
  return new EpcscfTurnError('ERR_CONFIG_INVALID', `credentials.keys: ${what}`);
}
