import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { clashesWithin, ownSockets } from '../config/schema/socket-rules.ts';
import { asFarAsKnown, knownEntries } from '../config/schema/known-part.ts';
import { type Config } from '../config/schema/tree.ts';
import { adaptToHost, hasIpv6Loopback } from './host-adaptation.ts';

/**
 * A line for each address of the configuration that a start could not open, because this machine does not have it or another address of the same key
 * has its port. Takes no port that is named.
 */
export async function unusableAddresses(written: Config): Promise<string[]> {
  const hasLoopback = hasIpv6Loopback();
  const adapted = asFarAsKnown(() => adaptToHost(written, hasLoopback).config);
  const config = adapted ?? written;
  const named = [...ownSockets(config), ...(asFarAsKnown(() => relays(config)) ?? [])];
  const addresses = new Map(named.map(({ path, address }) => [`${path} ${address}`, { path, address }]));
  const lines: string[] = [];
  for (const { path, address } of addresses.values()) {
    // Whether others remain beside it is not known then.
    if (!adapted && !hasLoopback && address === '::1') continue;
    if (!(await isHere(address))) {
      lines.push(`${path}: ${address} is no address of this host; name one of its own`);
    }
  }
  return [...lines, ...clashesWithin(config)];
}

function relays({ turn }: Config): { readonly path: string; readonly address: string }[] {
  if (!turn.enabled) return [];
  return knownEntries(turn.relay.addresses).map(({ entry }) => ({ path: 'turn.relay.addresses', address: entry }));
}

/**
 * Whether an address can be bound on this machine. The kernel knows best: all of 127.0.0.0/8 can, and so can an address that is not there yet
 * (IP_FREEBIND).
 */
async function isHere(address: string): Promise<boolean> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind({ address, port: 0 });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
