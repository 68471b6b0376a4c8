import { isLoopback } from '../base/ip.ts';
import { isLoopbackHost } from '../base/loopback-host.ts';
import { type Config } from './schema/tree.ts';

/** How other machines reach a listener: by its addresses beyond loopback, or through proxies, whose clients come from anywhere. Empty when only this machine reaches it. */
export function exposures(addresses: readonly string[], proxyProtocolFrom: readonly string[] = []): string[] {
  const proxies = proxyProtocolFrom.length > 0 ? [`proxies at ${proxyProtocolFrom.join(', ')}`] : [];
  return [...addresses.filter((address) => !isLoopback(address)), ...proxies];
}

/**
 * How other machines reach the edge: by its listener, or by one of `edge.publicHosts`, which stands for a proxy that brings clients from elsewhere to
 * whatever address the edge listens on. Empty when only this machine reaches it.
 */
export function edgeExposures({ listen, publicHosts }: Config['edge']): string[] {
  const isElsewhere = (host: string): boolean => !isLoopbackHost(host);
  return [
    ...exposures(listen.addresses, listen.proxyProtocolFrom),
    ...publicHosts.filter(isElsewhere).map((host) => `clients of ${host}`),
  ];
}
