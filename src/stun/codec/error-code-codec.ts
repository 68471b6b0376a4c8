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

export function decodeErrorCode(value: Buffer): ErrorCodeFields | undefined {
  if (value.length < REASON_OFFSET) return undefined;
  const hundreds = value.readUInt8(2) & 0x07;
  const number = value.readUInt8(3);
  const reason = decodeText(value.subarray(REASON_OFFSET), PHRASE_LIMITS);
  if (hundreds < 3 || hundreds > 6 || number > 99 || reason === undefined) return undefined;
  return { firstOctet: value.readUInt8(0), code: hundreds * 100 + number, reason };
}

export function encodeErrorCode(name: string, { firstOctet, code, reason }: ErrorCodeFields): Buffer {
  if (!Number.isInteger(code) || code < 300 || code > 699) throw unencodable(name, 'a code of 300-699', code);
  const head = Buffer.of(firstOctet, 0, Math.floor(code / 100), code % 100);
  return Buffer.concat([head, encodeText(name, reason, PHRASE_LIMITS)]);
}
