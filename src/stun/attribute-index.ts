import { fail, ok, type Result } from '../core/result.ts';
import { fingerprint } from './attributes/fingerprint.ts';
import { messageIntegritySha256 } from './attributes/message-integrity-sha256.ts';
import { messageIntegrity } from './attributes/message-integrity.ts';
import { paddedLength } from './channel-data.ts';
import { HEADER_BYTES } from './message-type.ts';

/** Where the visible attributes of a message lie: entry i of each list belongs together. */
export interface AttributeIndex {
  readonly types: readonly number[];
  /** Of the value; the attribute's header is the four bytes before it. */
  readonly offsets: readonly number[];
  /** Of the value, without padding. */
  readonly lengths: readonly number[];
}

export const ATTRIBUTE_HEADER_BYTES = 4;

/**
 * Far above what any usage needs (a CreatePermission for 100 peers still passes), far below the 16,000 empty attributes that fit into one
 * message: work per datagram stays small.
 */
const MAX_ATTRIBUTES = 128;

/** One pass over the attributes. `bytes` is one message whose length field has been checked: a multiple of 4 that ends with the buffer. */
export function indexAttributes(bytes: Buffer): Result<AttributeIndex, 'attribute-overrun' | 'too-many-attributes'> {
  const types: number[] = [];
  const offsets: number[] = [];
  const lengths: number[] = [];
  let last = 0;
  let count = 0;
  for (let offset = HEADER_BYTES; offset < bytes.length; count++) {
    if (count === MAX_ATTRIBUTES) return fail('too-many-attributes');
    const type = bytes.readUInt16BE(offset);
    const length = bytes.readUInt16BE(offset + 2);
    offset += ATTRIBUTE_HEADER_BYTES;
    if (length > bytes.length - offset) return fail('attribute-overrun');
    if (isVisibleAfter(last, type)) {
      types.push(type);
      offsets.push(offset);
      lengths.push(length);
      if (closesTheMessage(type)) last = type;
    }
    offset += paddedLength(length);
  }
  return ok({ types, offsets, lengths });
}

function closesTheMessage(type: number): boolean {
  return type === messageIntegrity.type || type === messageIntegritySha256.type || type === fingerprint.type;
}

/** What an HMAC does not cover must not be believed (RFC 8489 §9); `last` is the closing attribute seen so far, 0 for none. */
function isVisibleAfter(last: number, type: number): boolean {
  if (last === 0) return true;
  if (last === messageIntegrity.type) return type === messageIntegritySha256.type || type === fingerprint.type;
  return last === messageIntegritySha256.type && type === fingerprint.type;
}
