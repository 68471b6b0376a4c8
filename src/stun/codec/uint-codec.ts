import { type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

/** Four bytes: an octet, then three reserved ones that are sent as zero and ignored when received. */
export const octet: Codec<number> = (name) => ({
  decode: (bytes, at, length) => (length === 4 ? bytes.readUInt8(at) : undefined),
  encode: (number, into, at) => writeUint32(name, number, 0xff, 0x1000000, into, at),
});

/** Four bytes: a 16-bit number, then two reserved ones that are sent as zero and ignored when received. */
export const uint16: Codec<number> = (name) => ({
  decode: (bytes, at, length) => (length === 4 ? bytes.readUInt16BE(at) : undefined),
  encode: (number, into, at) => writeUint32(name, number, 0xffff, 0x10000, into, at),
});

export const uint32: Codec<number> = (name) => ({
  decode: (bytes, at, length) => (length === 4 ? bytes.readUInt32BE(at) : undefined),
  encode: (number, into, at) => writeUint32(name, number, 0xffffffff, 1, into, at),
});

export const uint64: Codec<bigint> = (name) => ({
  decode: (bytes, at, length) => (length === 8 ? bytes.readBigUInt64BE(at) : undefined),
  encode: (number, into, at) => {
    if (number < 0n || number > 0xffffffffffffffffn) throw unencodable(name, '64 bits', number.toString());
    into.writeBigUInt64BE(number, at);
    return 8;
  },
});

/** 16-bit numbers, one behind the other. */
export const uint16List: Codec<readonly number[]> = () => ({
  decode: (bytes, at, length) => {
    if (length % 2 !== 0) return undefined;
    return Array.from({ length: length / 2 }, (_, i) => bytes.readUInt16BE(at + i * 2));
  },
  encode: (numbers, into, at) => {
    numbers.forEach((number, i) => into.writeUInt16BE(number, at + i * 2));
    return numbers.length * 2;
  },
});

function writeUint32(name: string, number: number, max: number, factor: number, into: Buffer, at: number): number {
  if (!Number.isInteger(number) || number < 0 || number > max) throw unencodable(name, `0-${max}`, number);
  into.writeUInt32BE(number * factor, at);
  return 4;
}
