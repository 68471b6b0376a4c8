import { createHash } from 'node:crypto';
import { opaqueString } from '../base/opaque-string.ts';

/** The value of USERHASH for a user of this realm, 32 bytes (RFC 8489 §14.4). */
export function usernameHash(username: string, realm: string): Buffer {
  return createHash('sha256')
    .update(`${opaqueString(username)}:${opaqueString(realm)}`)
    .digest();
}
