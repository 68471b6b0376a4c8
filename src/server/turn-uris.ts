import { isLoopback, isWildcard } from '../base/ip.ts';
import { type Config } from '../config/schema/tree.ts';
import { type TransportAddress } from '../base/transport-address.ts';
import { type TurnListenAddress } from '../turn/turn-server-options.ts';

type Listener = Pick<TurnListenAddress, 'transport' | 'address' | 'port'>;
/** `publicHost`: of the listener itself, or of all. */
type NamedListener = Listener & { readonly publicHost: string | undefined };
type HttpsAddress = Pick<TransportAddress, 'address' | 'port'>;

/**
 * TURN URIs (RFC 7065) of this process's listeners: one for each transport and port, on the first address of IPv4 or else IPv6, since a
 * browser tries every URI it is given and asks each for a candidate. `listeners`: in the order of `turn.listeners`. `https`: where the edge listens, for `edge.turnOnHttps`.
 */
export function turnUris(config: Config, listeners: readonly Listener[], https: readonly HttpsAddress[]): string[] {
  const { domain, edge, turn } = config;
  if (edge.credential.uris !== 'auto') return edge.credential.uris;
  const chosen = new Map<string, NamedListener>();
  for (const [i, listening] of listeners.entries()) {
    const listener = { ...listening, publicHost: turn.listeners[i]?.publicHost ?? turn.publicHost };
    const { transport, port, publicHost } = listener;
    const key = publicHost === undefined ? transport : `${transport} ${port} ${publicHost}`;
    const before = chosen.get(key);
    if (!before || rank(listener) < rank(before)) chosen.set(key, listener);
  }
  return [...chosen.values(), ...httpsListener(config, https)].map((listener) => {
    const host = listener.publicHost ?? hostOf(listener, turn.relay.externalAddresses, domain);
    const scheme = listener.transport === 'tls' ? 'turns' : 'turn';
    return `${scheme}:${bracketed(host)}:${listener.port}?transport=${listener.transport === 'udp' ? 'udp' : 'tcp'}`;
  });
}

/** The last, for networks that let nothing else through. */
function httpsListener({ edge, turn }: Config, https: readonly HttpsAddress[]): NamedListener[] {
  if (!edge.enabled || !turn.enabled || !edge.turnOnHttps) return [];
  const [first] = https
    .map(({ address, port }) => ({ transport: 'tls' as const, address, port, publicHost: turn.publicHost }))
    .sort((a, b) => rank(a) - rank(b));
  return first ? [first] : [];
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
