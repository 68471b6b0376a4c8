import { type Attribute } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

/** Bytes without a form of their own, `minBytes` to `maxBytes` of them. Decoding gives a view. */
export function bytesAttribute(type: number, name: string, minBytes: number, maxBytes: number): Attribute<Buffer> {
  return {
    type,
    name,
    decode: (value) => (value.length >= minBytes && value.length <= maxBytes ? value : undefined),
    encode: (value) => {
      if (value.length < minBytes || value.length > maxBytes) {
        throw unencodable(
          name,
          minBytes === maxBytes ? `${minBytes} bytes` : `${minBytes}-${maxBytes} bytes`,
          value.length,
        );
      }
      return value;
    },
  };
}

/** The longest value that a 16-bit length can announce. */
export const ANY_LENGTH = 0xffff;
