import { familyOf, parseIp, type AddressFamily } from './ip.ts';

/** An inclusive range of addresses of one family, as big integers, so that a range may end inside a byte. */
export interface IpRange {
  readonly family: AddressFamily;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Reads `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32` or `192.0.2.10-192.0.2.99`.
 *
 * `undefined` for anything else, and for a prefix with host bits set: `10.1.2.3/8` is more often a slip than a wish.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const dash = text.indexOf('-');
  if (dash >= 0) return rangeBetween(text.slice(0, dash).trim(), text.slice(dash + 1).trim());
  const slash = text.indexOf('/');
  if (slash < 0) return rangeBetween(text, text);
  const bytes = parseIp(text.slice(0, slash));
  const prefixText = text.slice(slash + 1);
  if (!bytes || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const hostBits = bytes.length * 8 - Number(prefixText);
  if (hostBits < 0) return undefined;
  const first = ipToBigInt(bytes);
  const mask = (1n << BigInt(hostBits)) - 1n;
  return (first & mask) === 0n ? { family: familyOf(bytes), first, last: first | mask } : undefined;
}

function rangeBetween(firstText: string, lastText: string): IpRange | undefined {
  const first = parseIp(firstText);
  const last = parseIp(lastText);
  if (first?.length !== last?.length || !first || !last) return undefined;
  const range = { family: familyOf(first), first: ipToBigInt(first), last: ipToBigInt(last) };
  return range.first <= range.last ? range : undefined;
}

function ipToBigInt(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
