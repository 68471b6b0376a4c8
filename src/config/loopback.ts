import { parseIp } from '../core/ip.ts';

/** 127.0.0.0/8 or ::1: reachable from this machine only. */
export function isLoopback(address: string): boolean {
  const bytes = parseIp(address);
  if (!bytes) return false;
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

/** Where others reach a listener: addresses beyond loopback, and proxies, whose clients come from anywhere. Empty: this machine only. */
export function waysIn(addresses: readonly string[], proxyProtocolFrom: readonly string[] = []): string[] {
  const proxies = proxyProtocolFrom.length > 0 ? [`proxies at ${proxyProtocolFrom.join(', ')}`] : [];
  return [...addresses.filter((address) => !isLoopback(address)), ...proxies];
}

/** 0.0.0.0 or ::, which stands for every address of the machine. */
export function isWildcard(address: string): boolean {
  return parseIp(address)?.every((byte) => byte === 0) ?? false;
}
