import { createHash } from 'node:crypto';
import { opaqueString } from '../../src/base/opaque-string.ts';

/* What a client makes its key with; a server of ours is handed it by the verifier of the credential. */

/**
 * The 16-byte key of the long-term credential mechanism (RFC 8489 §18.5.1.1). `username` is hashed as it came in USERNAME; a password
 * given as bytes is hashed as it is.
 */
export function longTermKeyMd5(username: string, realm: string, password: string | Buffer): Buffer {
  return longTermKey('md5', username, realm, password);
}

/** The 32-byte key for clients that chose SHA-256 in PASSWORD-ALGORITHM (RFC 8489 §18.5.1.2). */
export function longTermKeySha256(username: string, realm: string, password: string | Buffer): Buffer {
  return longTermKey('sha256', username, realm, password);
}

function longTermKey(algorithm: 'md5' | 'sha256', username: string, realm: string, password: string | Buffer): Buffer {
  return createHash(algorithm)
    .update(`${username}:${opaqueString(realm)}:`)
    .update(typeof password === 'string' ? opaqueString(password) : password)
    .digest();
}
