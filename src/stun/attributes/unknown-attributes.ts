import { type Attribute } from '../attribute.ts';

/** RFC 8489 §14.13. The attribute types that were not understood. */
export const unknownAttributes: Attribute<readonly number[]> = {
  type: 0x000a,
  name: 'UNKNOWN-ATTRIBUTES',
  decode: (value) => {
    if (value.length % 2 !== 0) return undefined;
    return Array.from({ length: value.length / 2 }, (_, i) => value.readUInt16BE(i * 2));
  },
  encode: (types) => {
    const value = Buffer.allocUnsafe(types.length * 2);
    types.forEach((type, i) => value.writeUInt16BE(type, i * 2));
    return value;
  },
};
