import { parseIp } from '../../../base/ip.ts';

/** RFC 8656 §21.4: requests from Teredo (2001::/32) and 6to4 (2002::/16) clients are not accepted. `address` is canonical IP text. */
export function isTunnelled(address: string): boolean {
  const bytes = parseIp(address);
  if (bytes?.length !== 16) return false;
  const [a, b, c, d] = bytes;
  return a === 0x20 && (b === 0x02 || (b === 0x01 && c === 0 && d === 0));
}
