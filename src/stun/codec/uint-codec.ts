import { type Attribute } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

/** Four bytes: an octet, then three reserved ones that are sent as zero and ignored when received. */
export function octetAttribute(type: number, name: string): Attribute<number> {
  return {
    type,
    name,
    decode: (value) => (value.length === 4 ? value.readUInt8(0) : undefined),
    encode: (octet) => writeUint32(name, octet, 0xff, 0x1000000),
  };
}

/** Four bytes: a 16-bit number, then two reserved ones that are sent as zero and ignored when received. */
export function uint16Attribute(type: number, name: string): Attribute<number> {
  return {
    type,
    name,
    decode: (value) => (value.length === 4 ? value.readUInt16BE(0) : undefined),
    encode: (number) => writeUint32(name, number, 0xffff, 0x10000),
  };
}

export function uint32Attribute(type: number, name: string): Attribute<number> {
  return {
    type,
    name,
    decode: (value) => (value.length === 4 ? value.readUInt32BE(0) : undefined),
    encode: (number) => writeUint32(name, number, 0xffffffff, 1),
  };
}

export function uint64Attribute(type: number, name: string): Attribute<bigint> {
  return {
    type,
    name,
    decode: (value) => (value.length === 8 ? value.readBigUInt64BE(0) : undefined),
    encode: (number) => {
      if (number < 0n || number > 0xffffffffffffffffn) throw unencodable(name, '64 bits', number.toString());
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigUInt64BE(number);
      return bytes;
    },
  };
}

function writeUint32(name: string, number: number, max: number, factor: number): Buffer {
  if (!Number.isInteger(number) || number < 0 || number > max) throw unencodable(name, `0-${max}`, number);
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(number * factor);
  return bytes;
}
