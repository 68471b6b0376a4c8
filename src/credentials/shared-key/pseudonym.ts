import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { constantTimeEqual, type Secret } from '../../core/secret.ts';

const TAG_BYTES = 16;
const SALT_BYTES = 8;
const PAD_BLOCK_BYTES = 16;
const PREFIX = 'u';

/**
 * Makes u from a registration, and finds the registration again for whoever holds the pseudonym key.
 *
 * A TURN message travels in clear, so u must tell an observer nothing: neither who registers, nor that two registrations are the same
 * subscriber's. It is the encryption of the registration id with a fresh salt under a synthetic IV (the construction of RFC 5297 with
 * HMAC-SHA-256 as its PRF): the IV is the authenticator, so a wrong key or a foreign name is told from a right one. Padding hides the
 * length. Nothing need be stored to map a name in a relay's log back to its registration.
 */
export interface Pseudonyms {
  create(registrationId: string): string;
  /** The registration id behind a name, or `undefined` when this key did not make it. */
  reveal(name: string): string | undefined;
}

export function createPseudonyms(key: Secret): Pseudonyms {
  const derive = (label: string) =>
    Buffer.from(hkdfSync('sha256', key.reveal(), '', `epcscf-turn pseudonym ${label}`, 32));
  const macKey = derive('mac');
  const cipherKey = derive('cipher');

  const tagOf = (plain: Uint8Array) => createHmac('sha256', macKey).update(plain).digest().subarray(0, TAG_BYTES);
  const crypt = (iv: Uint8Array, bytes: Uint8Array) => createCipheriv('aes-256-ctr', cipherKey, iv).update(bytes);

  return {
    create(registrationId) {
      const plain = Buffer.concat([randomBytes(SALT_BYTES), pad(Buffer.from(registrationId, 'utf8'))]);
      const tag = tagOf(plain);
      return PREFIX + Buffer.concat([tag, crypt(tag, plain)]).toString('base64url');
    },
    reveal(name) {
      if (!name.startsWith(PREFIX)) return undefined;
      const bytes = Buffer.from(name.slice(PREFIX.length), 'base64url');
      if (bytes.length < TAG_BYTES + SALT_BYTES + PAD_BLOCK_BYTES) return undefined;
      const tag = bytes.subarray(0, TAG_BYTES);
      const plain = crypt(tag, bytes.subarray(TAG_BYTES));
      if (!constantTimeEqual(tagOf(plain), tag)) return undefined;
      return plain.subarray(SALT_BYTES, plain.lastIndexOf(0x80)).toString('utf8');
    },
  };
}

/** ISO/IEC 7816-4 padding: one 0x80, then zeros up to the block. */
function pad(bytes: Buffer): Buffer {
  const padded = Buffer.alloc((Math.floor(bytes.length / PAD_BLOCK_BYTES) + 1) * PAD_BLOCK_BYTES);
  bytes.copy(padded);
  padded[bytes.length] = 0x80;
  return padded;
}
