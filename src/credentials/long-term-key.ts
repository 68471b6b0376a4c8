import { createHash } from 'node:crypto';
import { opaqueString } from '../base/opaque-string.ts';
import { type KeyAlgorithm } from './credential.ts';

/**
 * The key of the long-term credential mechanism: 16 bytes for MD5, 32 for SHA-256 (RFC 8489 §18.5.1). `username` is hashed as it came in
 * USERNAME, where its sender has prepared it.
 */
export function longTermKey(algorithm: KeyAlgorithm, username: string, realm: string, password: string): Buffer {
  return createHash(algorithm)
    .update(`${username}:${opaqueString(realm)}:${opaqueString(password)}`, 'utf8')
    .digest();
}
