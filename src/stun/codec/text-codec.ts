import { isUtf8 } from 'node:buffer';
import { type Codec } from '../attribute.ts';
import { unencodable } from './unencodable.ts';

interface TextLimits {
  readonly maxEncodedBytes: number;
  readonly maxDecodedBytes: number;
}

/** "Fewer than 128 characters": RFC 8489 §14.8 to §14.14 work it out to 509 bytes when sending and, for old peers, 763 when receiving. */
export const PHRASE_LIMITS: TextLimits = { maxEncodedBytes: 509, maxDecodedBytes: 763 };

const FIRST_BEYOND_ASCII = 0x80;

/** `undefined` when the bytes are too many or no UTF-8: replacement characters would make different names equal. */
export function decodeText(bytes: Buffer, at: number, length: number, limits: TextLimits): string | undefined {
  if (length > limits.maxDecodedBytes) return undefined;
  const end = at + length;
  if (isAscii(bytes, at, end)) return bytes.toString('latin1', at, end);
  return isUtf8(bytes.subarray(at, end)) ? bytes.toString('utf8', at, end) : undefined;
}

/** Returns how many bytes the text has. */
export function encodeText(name: string, characters: string, limits: TextLimits, into: Buffer, at: number): number {
  const length = into.write(characters, at, 'utf8');
  if (length > limits.maxEncodedBytes) {
    throw unencodable(name, `at most ${limits.maxEncodedBytes} bytes of UTF-8`, Buffer.byteLength(characters));
  }
  return length;
}

export function text(limits: TextLimits): Codec<string> {
  return (name) => ({
    decode: (bytes, at, length) => decodeText(bytes, at, length, limits),
    encode: (characters, into, at) => encodeText(name, characters, limits, into, at),
  });
}

export const phrase: Codec<string> = text(PHRASE_LIMITS);

/** Nearly every name is ASCII, and is read without a view for the check. */
function isAscii(bytes: Buffer, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if ((bytes[i] ?? 0) >= FIRST_BEYOND_ASCII) return false;
  return true;
}
