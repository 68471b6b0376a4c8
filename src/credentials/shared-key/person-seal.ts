import { createCipheriv, hash, hkdfSync } from 'node:crypto';
import { type Secret } from '../../base/secret.ts';

export const HANDLE_BYTES = 8;
/** By which a relay knows its own seal from the end of a name that somebody else made. */
const CHECK = Buffer.alloc(4);
const SEAL_CHARACTERS = ((HANDLE_BYTES + CHECK.length) / 3) * 4;
/** A name without this end was made by somebody else, and nothing is decrypted. */
const SEAL_AT_END = new RegExp(`[\\w-]{${SEAL_CHARACTERS}}$`);

/**
 * Tells a relay that several names are one person's, which is what quotas count, and tells nobody else. A handle of the person is encrypted at
 * the end of each name under a key that follows from Km, which edge and relays share; the rest of the name, of which no two are the same,
 * is the IV. So no two seals of a person are alike, and nobody without Km links two names; who has Km links them and learns no more, as the
 * handle is an HMAC under the pseudonym key. The seal needs no MAC of its own: the password, by which a user proves a name, covers it.
 */
export interface PersonSeal {
  /** `name` with the sealed handle of 8 bytes behind it. */
  seal(name: string, handle: Buffer): string;
  /** The handle in hexadecimal, or `undefined` for a name without a seal of this Km. */
  open(name: string): string | undefined;
}

export function createPersonSeal(km: Secret): PersonSeal {
  const key = Buffer.from(hkdfSync('sha256', km.reveal(), '', 'epcscf-turn person', 32));
  // One block of AES in counter mode, which is the IV encrypted: a cipher of its own for each name would cost more than all the rest.
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const crypt = (name: string, bytes: Buffer): Buffer => {
    const stream = cipher.update(hash('sha256', name, 'buffer').subarray(0, 16));
    const crypted = Buffer.from(bytes);
    for (let at = 0; at < crypted.length; at++) crypted[at] = (bytes[at] ?? 0) ^ (stream[at] ?? 0);
    return crypted;
  };
  return {
    seal: (name, handle) => name + crypt(name, Buffer.concat([handle, CHECK])).toString('base64url'),
    open(name) {
      const sealed = SEAL_AT_END.exec(name);
      if (!sealed) return undefined;
      const plain = crypt(unsealed(name), Buffer.from(sealed[0], 'base64url'));
      return plain.subarray(HANDLE_BYTES).equals(CHECK) ? plain.toString('hex', 0, HANDLE_BYTES) : undefined;
    },
  };
}

/** What stands before the seal. */
export function unsealed(name: string): string {
  return name.slice(0, -SEAL_CHARACTERS);
}
