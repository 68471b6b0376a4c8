import { type CoreDestination } from './core-transport.ts';

/** A destination as a map key. */
export function placeKey({ transport, address, port, serverName = '' }: CoreDestination): string {
  return `${transport} ${address} ${port} ${serverName}`;
}

/** A destination as the URI that leads there and nowhere else: what logs, events and probes call it. */
export function placeUri({ transport, address, port }: CoreDestination): string {
  return `sip:${address.includes(':') ? `[${address}]` : address}:${port};transport=${transport}`;
}
