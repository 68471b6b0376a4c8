import { hmacText } from '../base/hmac.ts';
import { ATTRIBUTE_HEADER_BYTES } from './attribute-index.ts';
import { type Attribute } from './attribute.ts';
import { messageIntegrity, messageIntegritySha256 } from './attributes/rfc8489.ts';
import { HEADER_BYTES } from './message-type.ts';
import { type StunMessage } from './message.ts';

export type IntegrityAlgorithm = 'sha1' | 'sha256';
export type IntegrityCheck = 'valid' | 'invalid' | 'absent';

const HMAC_BYTES = { sha1: 20, sha256: 32 } as const;
const ATTRIBUTE = { sha1: messageIntegrity, sha256: messageIntegritySha256 } as const;
/** Type and length of the message whose HMAC is computed. */
const typeAndLength = Buffer.alloc(4);

export function integrityAttribute(algorithm: IntegrityAlgorithm): Attribute<Buffer> {
  return ATTRIBUTE[algorithm];
}

/**
 * Whether MESSAGE-INTEGRITY (`sha1`) or MESSAGE-INTEGRITY-SHA256 was made with `key` (RFC 8489 §14.5, §14.6). Compares in constant time;
 * a value of another length is invalid before anything is hashed. The message is not touched.
 */
export function checkIntegrity(
  message: StunMessage,
  key: Uint8Array,
  algorithm: IntegrityAlgorithm = 'sha1',
): IntegrityCheck {
  const attribute = integrityAttribute(algorithm);
  const valueOffset = message.valueOffset(attribute);
  if (valueOffset === -1) return 'absent';
  if (!message.isWellFormed(attribute)) return 'invalid';
  const { bytes } = message;
  const made = computeIntegrity(algorithm, key, bytes, valueOffset - ATTRIBUTE_HEADER_BYTES);
  let difference = 0;
  for (let i = 0; i < made.length; i++) difference |= made.charCodeAt(i) ^ (bytes[valueOffset + i] ?? 0);
  return difference === 0 ? 'valid' : 'invalid';
}

/**
 * The HMAC over what comes before the integrity attribute at `attributeOffset`, with a length field that ends the message just behind
 * that attribute (RFC 8489 §14.5): the four bytes it stands in are fed from a copy, all others in place. A character for each byte.
 */
export function computeIntegrity(
  algorithm: IntegrityAlgorithm,
  key: Uint8Array,
  bytes: Buffer,
  attributeOffset: number,
): string {
  typeAndLength.writeUInt16BE(bytes.readUInt16BE(0), 0);
  const end = attributeOffset + ATTRIBUTE_HEADER_BYTES + HMAC_BYTES[algorithm];
  typeAndLength.writeUInt16BE(end - HEADER_BYTES, 2);
  return hmacText(algorithm, key, typeAndLength, bytes, typeAndLength.length, attributeOffset);
}
