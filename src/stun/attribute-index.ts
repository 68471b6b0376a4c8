import { fail, ok, type Result } from '../base/result.ts';
import { fingerprint, messageIntegrity, messageIntegritySha256 } from './attributes/rfc8489.ts';
import { xorPeerAddress } from './attributes/rfc8656.ts';
import { paddedLength } from './channel-data.ts';
import { HEADER_BYTES } from './message-type.ts';

/** Where the visible attributes of a message lie: entry i of each list belongs together. */
export interface AttributeIndex {
  readonly types: readonly number[];
  /** Where each value begins. The header of the attribute is the four bytes before it. */
  readonly offsets: readonly number[];
  /** How many bytes each value has, without padding. */
  readonly lengths: readonly number[];
  /** Which attributes the message has more of than are listed here. */
  readonly cut: 'peers' | 'others' | undefined;
}

export interface AttributeLimits {
  /** XOR-PEER-ADDRESS that are listed, which a CreatePermission carries as many of as it permits addresses. */
  readonly peers: number;
}

export const ATTRIBUTE_HEADER_BYTES = 4;
/** Types from here on may be ignored by those who do not know them (RFC 8489 §14). */
export const COMPREHENSION_OPTIONAL = 0x8000;

/**
 * Far above what any usage needs, far below the 16,000 empty attributes that fit into one message: work per datagram stays small. What is
 * beyond is stepped over, so that what signs the message is found and it can be answered.
 */
const MAX_OTHERS = 128;
const USUAL_LIMITS: AttributeLimits = { peers: 128 };

/** One pass over the attributes. `bytes` is one message whose length field has been checked: a multiple of 4 that ends with the buffer. */
export function indexAttributes(
  bytes: Buffer,
  limits: AttributeLimits = USUAL_LIMITS,
): Result<AttributeIndex, 'attribute-overrun'> {
  const types: number[] = [];
  const offsets: number[] = [];
  const lengths: number[] = [];
  let last = 0;
  let peers = 0;
  let cut: AttributeIndex['cut'];
  for (let offset = HEADER_BYTES; offset < bytes.length;) {
    const type = bytes.readUInt16BE(offset);
    const length = bytes.readUInt16BE(offset + 2);
    offset += ATTRIBUTE_HEADER_BYTES;
    if (length > bytes.length - offset) return fail('attribute-overrun');
    if (isVisibleAfter(last, type)) {
      const isPeer = type === xorPeerAddress.type;
      const closes = closesTheMessage(type);
      if (closes || (isPeer ? peers < limits.peers : types.length - peers < MAX_OTHERS)) {
        types.push(type);
        offsets.push(offset);
        lengths.push(length);
        if (isPeer) peers++;
      } else if (cut !== 'others') cut = isPeer ? 'peers' : 'others';
      if (closes) last = type;
    }
    offset += paddedLength(length);
  }
  return ok({ types, offsets, lengths, cut });
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
