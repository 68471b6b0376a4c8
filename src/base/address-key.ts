import { isIPv4 } from 'node:net';
import { formatIp, parseIp } from './ip.ts';
import { transportAddress, type TransportAddress } from './transport-address.ts';

/** The key under which limits count the connections of a remote address: the IPv4 address, or the IPv6 /64 that one subscriber commonly owns. */
export function addressKey(remoteAddress: string): string {
  if (isIPv4(remoteAddress)) return remoteAddress;
  const canonical = transportAddress(remoteAddress, 0);
  return canonical ? sourceKey(canonical) : remoteAddress;
}

/** The key under which limits count an address in canonical text: the IPv4 address, or the /64 of an IPv6 one. */
export function sourceKey({ family, address }: TransportAddress): string {
  if (family === 4) return address;
  const bytes = parseIp(address);
  return bytes ? `${formatIp(bytes.fill(0, 8))}/64` : address;
}
