import { type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

/** Four bytes: an octet, then three reserved ones that are sent as zero and ignored when received. */
export const octet: Codec<number> = (name) => ({
  decode: (value) => (value.length === 4 ? value.readUInt8(0) : undefined),
  encode: (number) => writeUint32(name, number, 0xff, 0x1000000),
});

/** Four bytes: a 16-bit number, then two reserved ones that are sent as zero and ignored when received. */
export const uint16: Codec<number> = (name) => ({
  decode: (value) => (value.length === 4 ? value.readUInt16BE(0) : undefined),
  encode: (number) => writeUint32(name, number, 0xffff, 0x10000),
});

export const uint32: Codec<number> = (name) => ({
  decode: (value) => (value.length === 4 ? value.readUInt32BE(0) : undefined),
  encode: (number) => writeUint32(name, number, 0xffffffff, 1),
});

export const uint64: Codec<bigint> = (name) => ({
  decode: (value) => (value.length === 8 ? value.readBigUInt64BE(0) : undefined),
  encode: (number) => {
    if (number < 0n || number > 0xffffffffffffffffn) throw unencodable(name, '64 bits', number.toString());
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(number);
    return bytes;
  },
});

/** 16-bit numbers, one behind the other. */
export const uint16List: Codec<readonly number[]> = () => ({
  decode: (value) => {
    if (value.length % 2 !== 0) return undefined;
    return Array.from({ length: value.length / 2 }, (_, i) => value.readUInt16BE(i * 2));
  },
  encode: (numbers) => {
    const value = Buffer.allocUnsafe(numbers.length * 2);
    numbers.forEach((number, i) => value.writeUInt16BE(number, i * 2));
    return value;
  },
});

function writeUint32(name: string, number: number, max: number, factor: number): Buffer {
  if (!Number.isInteger(number) || number < 0 || number > max) throw unencodable(name, `0-${max}`, number);
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(number * factor);
  return bytes;
}
