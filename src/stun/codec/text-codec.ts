import { isUtf8 } from 'node:buffer';
import { type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

interface TextLimits {
  readonly maxEncodedBytes: number;
  readonly maxDecodedBytes: number;
}

/** "Fewer than 128 characters": RFC 8489 §14.8 to §14.14 work it out to 509 bytes when sending and, for old peers, 763 when receiving. */
export const PHRASE_LIMITS: TextLimits = { maxEncodedBytes: 509, maxDecodedBytes: 763 };

/** `undefined` when the bytes are too many or no UTF-8: replacement characters would make different names equal. */
export function decodeText(value: Buffer, limits: TextLimits): string | undefined {
  return value.length <= limits.maxDecodedBytes && isUtf8(value) ? value.toString('utf8') : undefined;
}

export function encodeText(name: string, characters: string, limits: TextLimits): Buffer {
  const bytes = Buffer.from(characters, 'utf8');
  if (bytes.length > limits.maxEncodedBytes) {
    throw unencodable(name, `at most ${limits.maxEncodedBytes} bytes of UTF-8`, bytes.length);
  }
  return bytes;
}

export function text(limits: TextLimits): Codec<string> {
  return (name) => ({
    decode: (value) => decodeText(value, limits),
    encode: (characters) => encodeText(name, characters, limits),
  });
}

export const phrase: Codec<string> = text(PHRASE_LIMITS);
