import { parseIp } from '../core/ip.ts';
import { isLoopbackHost } from '../core/loopback-host.ts';
import { type Config } from './schema/tree.ts';

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

/** The same for the edge. A public host is that of a proxy, which brings clients from elsewhere to whatever address the edge listens on. */
export function waysToEdge({ listen, publicHosts }: Config['edge']): string[] {
  const isElsewhere = (host: string): boolean => !isLoopbackHost(host);
  return [
    ...waysIn(listen.addresses, listen.proxyProtocolFrom),
    ...publicHosts.filter(isElsewhere).map((host) => `clients of ${host}`),
  ];
}

/** 0.0.0.0 or ::, which stands for every address of the machine. */
export function isWildcard(address: string): boolean {
  return parseIp(address)?.every((byte) => byte === 0) ?? false;
}
