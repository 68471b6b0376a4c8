import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fail, ok, type Result } from '../../base/result.ts';
import { type AccessTokenKey } from './token-keys.ts';

/*
 * The self-contained token of RFC 7635 §6.2: uint16 nonce_length, nonce, then the encrypted block (uint16 key_length, mac_key, uint64 timestamp,
 * uint32 lifetime) with its tag behind it. The associated data is the name of the TURN server.
 */

/** Both AEAD algorithms know nonces of this length alone (RFC 5116 §5.1, §5.2). */
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 2;
const TIMESTAMP_BYTES = 8;
const LIFETIME_BYTES = 4;
const BLOCK_OFFSET = LENGTH_BYTES + NONCE_BYTES;
const BYTES_WITHOUT_KEY = BLOCK_OFFSET + LENGTH_BYTES + TIMESTAMP_BYTES + LIFETIME_BYTES + TAG_BYTES;

/** Session keys of HMAC-SHA-1 and of HMAC-SHA-256. */
const MAC_KEY_BYTES: readonly number[] = [20, 32];

/** The fraction of a timestamp counts 1/64000 s. */
const FRACTIONS = 64_000;

/** What a token says to whoever has the long-term key. */
export interface AccessToken {
  readonly nonce: Buffer;
  /** The session key: 20 or 32 bytes. */
  readonly macKey: Buffer;
  /** When it was made, in UNIX seconds. */
  readonly issuedAtSec: number;
  /** Seconds from then on. */
  readonly lifetimeSec: number;
}

export type AccessTokenFailure = 'malformed-token' | 'forged-token';

export function encodeAccessToken(token: AccessToken, key: AccessTokenKey, serverName: string): Buffer {
  const { nonce, macKey, issuedAtSec, lifetimeSec } = token;
  const block = Buffer.alloc(LENGTH_BYTES + macKey.length + TIMESTAMP_BYTES + LIFETIME_BYTES);
  block.writeUInt16BE(macKey.length);
  macKey.copy(block, LENGTH_BYTES);
  const times = block.subarray(LENGTH_BYTES + macKey.length);
  times.writeUIntBE(Math.floor(issuedAtSec), 0, 6);
  times.writeUInt16BE(Math.round((issuedAtSec % 1) * FRACTIONS), 6);
  times.writeUInt32BE(lifetimeSec, TIMESTAMP_BYTES);
  const cipher = createCipheriv(key.cipher, key.key, nonce).setAAD(Buffer.from(serverName, 'utf8'));
  const nonceLength = Buffer.alloc(LENGTH_BYTES);
  nonceLength.writeUInt16BE(nonce.length);
  return Buffer.concat([nonceLength, nonce, cipher.update(block), cipher.final(), cipher.getAuthTag()]);
}

/** Whether the lengths that stand outside of the encryption are those of a token: asked before any key is looked for. */
export function hasTokenForm(bytes: Buffer): boolean {
  return MAC_KEY_BYTES.includes(bytes.length - BYTES_WITHOUT_KEY) && bytes.readUInt16BE() === NONCE_BYTES;
}

/** Every length is checked before the crypto that it is for. */
export function decodeAccessToken(
  bytes: Buffer,
  key: AccessTokenKey,
  serverName: string,
): Result<AccessToken, AccessTokenFailure> {
  if (!hasTokenForm(bytes)) return fail('malformed-token');
  const nonce = bytes.subarray(LENGTH_BYTES, BLOCK_OFFSET);
  const block = decrypt(bytes, nonce, key, serverName);
  if (!block) return fail('forged-token');
  const macKeyBytes = block.readUInt16BE();
  const timesOffset = LENGTH_BYTES + macKeyBytes;
  if (timesOffset + TIMESTAMP_BYTES + LIFETIME_BYTES !== block.length) return fail('malformed-token');
  return ok({
    nonce,
    macKey: block.subarray(LENGTH_BYTES, timesOffset),
    issuedAtSec: block.readUIntBE(timesOffset, 6) + block.readUInt16BE(timesOffset + 6) / FRACTIONS,
    lifetimeSec: block.readUInt32BE(timesOffset + TIMESTAMP_BYTES),
  });
}

/** `undefined` when it was not made with this key, for this server, as it is. */
function decrypt(bytes: Buffer, nonce: Buffer, key: AccessTokenKey, serverName: string): Buffer | undefined {
  const tagOffset = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(key.cipher, key.key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(serverName, 'utf8'))
    .setAuthTag(bytes.subarray(tagOffset));
  const block = decipher.update(bytes.subarray(BLOCK_OFFSET, tagOffset));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return block;
}
