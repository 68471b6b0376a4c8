import { MAX_VALUE_BYTES, type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

/** Bytes without a form of their own, `minBytes` to `maxBytes` of them. Decoding gives a view. */
export function bytes(minBytes: number, maxBytes: number): Codec<Buffer> {
  return (name) => ({
    decode: (from, at, length) =>
      length >= minBytes && length <= maxBytes ? from.subarray(at, at + length) : undefined,
    encode: (value, into, at) => {
      if (value.length < minBytes || value.length > maxBytes) {
        throw unencodable(
          name,
          minBytes === maxBytes ? `${minBytes} bytes` : `${minBytes}-${maxBytes} bytes`,
          value.length,
        );
      }
      into.set(value, at);
      return value.length;
    },
  });
}

export const anyBytes: Codec<Buffer> = bytes(0, MAX_VALUE_BYTES);
