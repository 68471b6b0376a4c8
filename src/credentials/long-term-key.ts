import { hash } from 'node:crypto';
import { opaqueString } from '../base/opaque-string.ts';
import { type KeyAlgorithm } from './credential.ts';

/**
 * The key of the long-term credential mechanism: 16 bytes for MD5, 32 for SHA-256 (RFC 8489 §18.5.1). `username` is hashed as it came in
 * USERNAME, where its sender has prepared it.
 */
export function longTermKey(algorithm: KeyAlgorithm, username: string, realm: string, password: string): Buffer {
  const digest = hash(algorithm, `${username}:${opaqueString(realm)}:${opaqueString(password)}`, 'binary');
  // An allocation keeps its key. So few bytes lie in the object itself, as long as nothing but their places is asked for.
  const key = Buffer.alloc(digest.length);
  for (let i = 0; i < digest.length; i++) key[i] = digest.charCodeAt(i);
  return key;
}
