import { EpcscfTurnError } from '../base/errors.ts';
import { type Secret } from '../base/secret.ts';
import { atOnce, type Attempt } from './findings.ts';
import { knownEntries } from './schema/known-part.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** One of `oauth.keys`, with what its file held. */
export interface GivenTokenKey {
  readonly kid: string;
  readonly algorithm: 'A256GCM' | 'A128GCM';
  /** The key in base64, with as many bytes as the algorithm needs. */
  readonly secret: Secret;
}

const MIN_BYTES = { A256GCM: 32, A128GCM: 16 } as const;
const BASE64_FORM = /^[A-Za-z\d+/]+={0,2}$/;

/** The keys of `oauth.keys`. Throws ERR_CONFIG_UNREADABLE for a file, or ERR_CONFIG_INVALID for text that is no key. */
export function givenTokenKeys({ oauth }: Config, attempt: Attempt = atOnce): GivenTokenKey[] {
  return knownEntries(oauth.keys).flatMap(({ entry, i }) => {
    const key = attempt(() => {
      const { kid, algorithm, key: text, keyFile } = entry;
      const secret = secretOf(text, keyFile, `oauth.keys.${i}.keyFile`);
      if (secret) checkKey(secret, algorithm, `oauth.keys.${i}.key`);
      return secret && { kid, algorithm, secret };
    });
    return key ?? [];
  });
}

function checkKey(secret: Secret, algorithm: GivenTokenKey['algorithm'], path: string): void {
  const text = secret.revealText();
  const bytes = BASE64_FORM.test(text) ? Buffer.from(text, 'base64').length : undefined;
  if (bytes !== undefined && bytes >= MIN_BYTES[algorithm]) return;
  const got = bytes === undefined ? 'other characters' : `${bytes} bytes`;
  const expected = `base64 of ${MIN_BYTES[algorithm]} bytes or more for ${algorithm}`;
  throw new EpcscfTurnError('ERR_CONFIG_INVALID', `${path}: expected ${expected}, got ${got}`);
}
