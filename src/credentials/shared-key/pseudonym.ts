import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { constantTimeEqual, type Secret } from '../../base/secret.ts';
import { createPersonSeal, HANDLE_BYTES, unsealed } from './person-seal.ts';

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
  /** `person`: whom quotas are to count over all of their registrations, sealed for relays with Km (see `PersonSeal`). */
  create(registrationId: string, person: string): string;
  /** The registration id behind a name, or `undefined` when this key did not make it. */
  reveal(name: string): string | undefined;
}

/** `km`: the one that mints. */
export function createPseudonyms(key: Secret, km: Secret): Pseudonyms {
  const keys = derivedKeys(key);
  const personKey = derive(key, 'person');
  const persons = createPersonSeal(km);
  return {
    create(registrationId, person) {
      const plain = Buffer.concat([randomBytes(SALT_BYTES), pad(Buffer.from(registrationId, 'utf8'))]);
      const tag = tagOf(keys, plain);
      const name = PREFIX + Buffer.concat([tag, crypt(keys, tag, plain)]).toString('base64url');
      return persons.seal(name, createHmac('sha256', personKey).update(person).digest().subarray(0, HANDLE_BYTES));
    },
    reveal: (name) => reveal(keys, name),
  };
}

/**
 * The registration id that a TURN name was made from, for an operator who has the pseudonym key but no Km; `undefined`: the name is of another
 * key.
 */
export function revealPseudonym(key: Secret, name: string): string | undefined {
  return reveal(derivedKeys(key), name);
}

interface DerivedKeys {
  readonly mac: Buffer;
  readonly cipher: Buffer;
}

function derivedKeys(key: Secret): DerivedKeys {
  return { mac: derive(key, 'mac'), cipher: derive(key, 'cipher') };
}

function derive(key: Secret, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.reveal(), '', `epcscf-turn pseudonym ${label}`, 32));
}

function tagOf({ mac }: DerivedKeys, plain: Uint8Array): Buffer {
  return createHmac('sha256', mac).update(plain).digest().subarray(0, TAG_BYTES);
}

function crypt({ cipher }: DerivedKeys, iv: Uint8Array, bytes: Uint8Array): Buffer {
  return createCipheriv('aes-256-ctr', cipher, iv).update(bytes);
}

function reveal(keys: DerivedKeys, name: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const bytes = Buffer.from(unsealed(name).slice(PREFIX.length), 'base64url');
  if (bytes.length < TAG_BYTES + SALT_BYTES + PAD_BLOCK_BYTES) return undefined;
  const tag = bytes.subarray(0, TAG_BYTES);
  const plain = crypt(keys, tag, bytes.subarray(TAG_BYTES));
  if (!constantTimeEqual(tagOf(keys, plain), tag)) return undefined;
  return plain.subarray(SALT_BYTES, plain.lastIndexOf(0x80)).toString('utf8');
}

/** ISO/IEC 7816-4 padding: one 0x80, then zeros up to the block. */
function pad(bytes: Buffer): Buffer {
  const padded = Buffer.alloc((Math.floor(bytes.length / PAD_BLOCK_BYTES) + 1) * PAD_BLOCK_BYTES);
  bytes.copy(padded);
  padded[bytes.length] = 0x80;
  return padded;
}
