import { type OwnText } from '../../base/own-text.ts';

export type CoreTransport = 'udp' | 'tcp' | 'tls';

/** One destination in the core: what RFC 3263 makes of a SIP URI. */
export interface CoreDestination {
  readonly transport: CoreTransport;
  /** IPv4 or IPv6 in canonical text, without brackets. */
  readonly address: string;
  readonly port: number;
  /** The name the certificate of a TLS core must be for; the address when absent. */
  readonly serverName?: OwnText;
}

/** A destination as a map key. */
export function destinationKey({ transport, address, port, serverName }: CoreDestination): string {
  return serverName === undefined ? `${transport} ${address} ${port}` : `${transport} ${address} ${port} ${serverName}`;
}
