import { isLoopback, isWildcard } from '../config/loopback.ts';
import { type Config } from '../config/schema/tree.ts';
import { type TurnListenAddress } from '../turn/turn-server-options.ts';

type Listener = Pick<TurnListenAddress, 'transport' | 'address' | 'port'>;

/**
 * TURN URIs (RFC 7065) of this process's listeners: one for each transport and port, on the first address of IPv4 or else IPv6, since a
 * browser tries every URI it is given and asks each for a candidate.
 */
export function turnUris({ domain, edge, turn }: Config, listeners: readonly Listener[]): string[] {
  if (edge.credential.uris !== 'auto') return edge.credential.uris;
  const chosen = new Map<string, Listener>();
  for (const listener of listeners) {
    const key = turn.publicHost === undefined ? listener.transport : `${listener.transport} ${listener.port}`;
    const before = chosen.get(key);
    if (!before || rank(listener) < rank(before)) chosen.set(key, listener);
  }
  return [...chosen.values()].map((listener) => {
    const host = turn.publicHost ?? hostOf(listener, turn.relay.externalAddresses, domain);
    const scheme = listener.transport === 'tls' ? 'turns' : 'turn';
    return `${scheme}:${bracketed(host)}:${listener.port}?transport=${listener.transport === 'udp' ? 'udp' : 'tcp'}`;
  });
}

/** An address that others reach comes before loopback, IPv4 before IPv6. */
function rank({ address }: Listener): number {
  return (isLoopback(address) ? 2 : 0) + (address.includes(':') ? 1 : 0);
}

/** Behind 1:1 NAT the external address; a wildcard listener has no address of its own, so the domain has to do. */
function hostOf({ address }: Listener, external: Readonly<Record<string, string>>, domain: string): string {
  return external[address] ?? (isWildcard(address) ? domain : address);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
