import { decodeText, encodeText, PHRASE_LIMITS } from './text-codec.ts';
import { unencodable } from './unencodable.ts';

/** The four bytes and the reason phrase that ERROR-CODE and ADDRESS-ERROR-CODE share (RFC 8489 §14.8, RFC 8656 §18.12). */
interface ErrorCodeFields {
  /** The first octet: reserved in the one, the address family in the other. */
  readonly firstOctet: number;
  /** 300 to 699 */
  readonly code: number;
  readonly reason: string;
}

const REASON_OFFSET = 4;

export function decodeErrorCode(bytes: Buffer, at: number, length: number): ErrorCodeFields | undefined {
  if (length < REASON_OFFSET) return undefined;
  const hundreds = bytes.readUInt8(at + 2) & 0x07;
  const number = bytes.readUInt8(at + 3);
  const reason = decodeText(bytes, at + REASON_OFFSET, length - REASON_OFFSET, PHRASE_LIMITS);
  if (hundreds < 3 || hundreds > 6 || number > 99 || reason === undefined) return undefined;
  return { firstOctet: bytes.readUInt8(at), code: hundreds * 100 + number, reason };
}

/** Returns how many bytes the value has. */
export function encodeErrorCode(
  name: string,
  { firstOctet, code, reason }: ErrorCodeFields,
  into: Buffer,
  at: number,
): number {
  if (!Number.isInteger(code) || code < 300 || code > 699) throw unencodable(name, 'a code of 300-699', code);
  into.writeUInt16BE(firstOctet << 8, at);
  into.writeUInt8(Math.floor(code / 100), at + 2);
  into.writeUInt8(code % 100, at + 3);
  return REASON_OFFSET + encodeText(name, reason, PHRASE_LIMITS, into, at + REASON_OFFSET);
}
