import { type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

/** Bytes without a form of their own, `minBytes` to `maxBytes` of them. Decoding gives a view. */
export function bytes(minBytes: number, maxBytes: number): Codec<Buffer> {
  return (name) => ({
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
  });
}

/** The longest value that a 16-bit length can announce. */
export const ANY_LENGTH = 0xffff;

export const anyBytes: Codec<Buffer> = bytes(0, ANY_LENGTH);
