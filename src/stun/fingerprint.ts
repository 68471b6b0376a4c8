import { crc32 } from 'node:zlib';
import { ATTRIBUTE_HEADER_BYTES } from './attribute-index.ts';
import { fingerprint } from './attributes/rfc8489.ts';
import { type StunMessage } from './message.ts';

const FINGERPRINT_XOR = 0x5354554e;

/** `invalid` also when something follows FINGERPRINT: it must be the last attribute (RFC 8489 §14.7). */
export function checkFingerprint(message: StunMessage): 'valid' | 'invalid' | 'absent' {
  const valueOffset = message.valueOffset(fingerprint);
  if (valueOffset === -1) return 'absent';
  const claimed = message.get(fingerprint);
  if (claimed?.length !== message.bytes.length - valueOffset) return 'invalid';
  const made = computeFingerprint(message.bytes, valueOffset - ATTRIBUTE_HEADER_BYTES);
  return claimed.readUInt32BE(0) === made ? 'valid' : 'invalid';
}

/** The CRC-32 of what comes before the attribute in the message at `start`; the length field must already count the attribute in. */
export function computeFingerprint(bytes: Buffer, attributeOffset: number, start = 0): number {
  return (crc32(bytes.subarray(start, attributeOffset)) ^ FINGERPRINT_XOR) >>> 0;
}
