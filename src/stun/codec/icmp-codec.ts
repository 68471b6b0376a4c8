import { type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

const BYTES = 8;

/** RFC 8656 §18.13: two reserved octets, 7 bits of type, 9 bits of code, 4 bytes of error data. */
export const icmpError: Codec<{
  /** 0 to 127 */
  readonly type: number;
  /** 0 to 511 */
  readonly code: number;
  /** The next-hop MTU where type and code say so, else 0. */
  readonly data: number;
}> = (name) => ({
  decode: (bytes, at, length) => {
    if (length !== BYTES) return undefined;
    const typeAndCode = bytes.readUInt16BE(at + 2);
    return { type: typeAndCode >> 9, code: typeAndCode & 0x1ff, data: bytes.readUInt32BE(at + 4) };
  },
  encode: ({ type, code, data }, into, at) => {
    if (type < 0 || type > 0x7f) throw unencodable(name, 'a type of 0-127', type);
    if (code < 0 || code > 0x1ff) throw unencodable(name, 'a code of 0-511', code);
    into.writeUInt16BE(0, at);
    into.writeUInt16BE((type << 9) | code, at + 2);
    into.writeUInt32BE(data, at + 4);
    return BYTES;
  },
});
