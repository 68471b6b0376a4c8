import { randomBytes } from 'node:crypto';
import { hmac } from '../../base/hmac.ts';
import { constantTimeEqual } from '../../base/secret.ts';
import { NONCE_BYTES } from './token-codec.ts';
import { type AccessTokenKey } from './token-keys.ts';

/*
 * Whose a token is. RFC 7635 gives a token no field for its holder, so a TURN server could not tell one client's token from another's: quotas could
 * not count a user, 441 could not protect an allocation, and nobody's tokens could be revoked. A token of this edge carries its holder where nobody
 * but the TURN server sees it, and where every other server reads an ordinary token: the session key is 12 random bytes and the holder, encrypted
 * with a keystream that follows from these bytes and K. The nonce is an HMAC of the session key under K, by which a token of this edge is known from
 * a stranger's. As session keys are as good as unique, so are the nonces. Without K, the session key is 20 random bytes.
 */

const RANDOM_BYTES = 12;
const PERSON_BYTES = 5;
const REGISTRATION_BYTES = 3;
const HOLDER_BYTES = PERSON_BYTES + REGISTRATION_BYTES;

/** Keeps the two uses of one key apart. */
const KEYSTREAM = Buffer.from('keystream');
const NONCE = Buffer.from('nonce');

export interface TokenHolder {
  /** u: one registration. */
  readonly user: string;
  /** Whom quotas count: all registrations of one user. */
  readonly person: string;
}

/** 8 bytes for a registration: 5 of its person, of a pseudonym that the caller makes, and 3 of its own. */
export function createHolder(personPseudonym: Buffer): Buffer {
  return Buffer.concat([personPseudonym.subarray(0, PERSON_BYTES), randomBytes(REGISTRATION_BYTES)]);
}

export function describeHolder(holder: Buffer): TokenHolder {
  return { user: `token-${holder.toString('hex')}`, person: `token-${holder.toString('hex', 0, PERSON_BYTES)}` };
}

/** A fresh session key with the holder in it, and the nonce that goes with it. */
export function sealHolder(holder: Buffer, key: AccessTokenKey): { macKey: Buffer; nonce: Buffer } {
  const random = randomBytes(RANDOM_BYTES);
  const macKey = Buffer.concat([random, crypt(holder, random, key)]);
  return { macKey, nonce: nonceOf(macKey, key) };
}

/** `undefined` for a token that another authorization server made. */
export function openHolder(macKey: Buffer, nonce: Buffer, key: AccessTokenKey): TokenHolder | undefined {
  if (macKey.length !== RANDOM_BYTES + HOLDER_BYTES || !constantTimeEqual(nonce, nonceOf(macKey, key)))
    return undefined;
  return describeHolder(crypt(macKey.subarray(RANDOM_BYTES), macKey.subarray(0, RANDOM_BYTES), key));
}

function nonceOf(macKey: Buffer, { holderKey }: AccessTokenKey): Buffer {
  return hmac('sha256', holderKey, NONCE, macKey).subarray(0, NONCE_BYTES);
}

function crypt(holder: Buffer, random: Buffer, { holderKey }: AccessTokenKey): Buffer {
  const keystream = hmac('sha256', holderKey, KEYSTREAM, random);
  return Buffer.from(holder.map((byte, i) => byte ^ (keystream[i] ?? 0)));
}
