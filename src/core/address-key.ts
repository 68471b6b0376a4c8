import { formatIp, parseIp } from './ip.ts';
import { transportAddress } from './transport-address.ts';

/** What connections of one remote are counted under: the IPv4 address, or the IPv6 /64 that one subscriber commonly owns. */
export function addressKey(remoteAddress: string): string {
  const canonical = transportAddress(remoteAddress, 0);
  if (!canonical) return remoteAddress;
  if (canonical.family === 4) return canonical.address;
  const bytes = parseIp(canonical.address);
  return bytes ? `${formatIp(bytes.fill(0, 8))}/64` : canonical.address;
}
