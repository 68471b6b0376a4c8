import { networkInterfaces } from 'node:os';
import { type Config } from '../config/schema/tree.ts';

const IPV6_LOOPBACK = '::1';

export function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === IPV6_LOOPBACK),
  );
}

/**
 * Leaves `::1` out where the machine has none (many containers), as long as other addresses remain: the defaults name it, and they must
 * run everywhere. Every other address that is missing stops the start.
 */
export function adaptToHost(config: Config, ipv6Loopback: boolean): { config: Config; notes: string[] } {
  if (ipv6Loopback) return { config, notes: [] };
  const { edge, turn } = config;
  const addresses = without(edge.listen.addresses, (address) => address);
  const listeners = without(turn.listeners, ({ address }) => address);
  const relays = without(turn.relay.addresses, (address) => address);
  const left = addresses.length + listeners.length + relays.length;
  const before = edge.listen.addresses.length + turn.listeners.length + turn.relay.addresses.length;
  if (left === before) return { config, notes: [] };
  return {
    config: {
      ...config,
      edge: { ...edge, listen: { ...edge.listen, addresses } },
      turn: { ...turn, listeners, relay: { ...turn.relay, addresses: relays } },
    },
    notes: ['this machine has no IPv6 loopback: ::1 is left out'],
  };
}

function without<T>(entries: T[], addressOf: (entry: T) => string): T[] {
  const rest = entries.filter((entry) => addressOf(entry) !== IPV6_LOOPBACK);
  return rest.length > 0 ? rest : entries;
}
