import { hmac } from '../base/hmac.ts';
import { constantTimeEqual } from '../base/secret.ts';
import { ATTRIBUTE_HEADER_BYTES } from './attribute-index.ts';
import { type Attribute } from './attribute.ts';
import { messageIntegrity, messageIntegritySha256 } from './attributes/rfc8489.ts';
import { HEADER_BYTES } from './message-type.ts';
import { type StunMessage } from './message.ts';

export type IntegrityAlgorithm = 'sha1' | 'sha256';
export type IntegrityCheck = 'valid' | 'invalid' | 'absent';

const HMAC_BYTES = { sha1: 20, sha256: 32 } as const;
const ATTRIBUTE = { sha1: messageIntegrity, sha256: messageIntegritySha256 } as const;

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
  const claimed = message.get(attribute);
  if (claimed === undefined) return 'invalid';
  const made = computeIntegrity(algorithm, key, message.bytes, valueOffset - ATTRIBUTE_HEADER_BYTES);
  return constantTimeEqual(claimed, made) ? 'valid' : 'invalid';
}

/**
 * The HMAC over what comes before the integrity attribute at `attributeOffset`, with a length field that ends the message just behind
 * that attribute (RFC 8489 §14.5): the four bytes it stands in are fed from a copy, all others in place.
 */
export function computeIntegrity(
  algorithm: IntegrityAlgorithm,
  key: Uint8Array,
  bytes: Buffer,
  attributeOffset: number,
): Buffer {
  const typeAndLength = Buffer.allocUnsafe(4);
  bytes.copy(typeAndLength, 0, 0, 2);
  const end = attributeOffset + ATTRIBUTE_HEADER_BYTES + HMAC_BYTES[algorithm];
  typeAndLength.writeUInt16BE(end - HEADER_BYTES, 2);
  return hmac(algorithm, key, typeAndLength, bytes.subarray(4, attributeOffset));
}
