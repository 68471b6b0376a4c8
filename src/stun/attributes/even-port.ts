import { type Attribute } from '../attribute.ts';

const R_BIT = 0x80;

/** RFC 8656 §18.7. True when the R bit asks to reserve the next port too; the other seven bits mean nothing. */
export const evenPort: Attribute<boolean> = {
  type: 0x0018,
  name: 'EVEN-PORT',
  decode: (value) => (value.length === 1 ? (value.readUInt8(0) & R_BIT) !== 0 : undefined),
  encode: (reserveNext) => Uint8Array.of(reserveNext ? R_BIT : 0),
};
