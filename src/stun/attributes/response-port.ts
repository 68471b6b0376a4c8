import { type Attribute } from '../attribute.ts';
import { uint16Attribute } from '../codec/uint-codec.ts';

const padded = uint16Attribute(0x0027, 'RESPONSE-PORT');

/** RFC 5780 §7.5. The port the response is to go to. The two bytes behind it may be counted in the length or be STUN's own padding. */
export const responsePort: Attribute<number> = {
  ...padded,
  decode: (value, transactionId) => (value.length === 2 ? value.readUInt16BE(0) : padded.decode(value, transactionId)),
};
