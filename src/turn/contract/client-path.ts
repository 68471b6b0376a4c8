import { type TransportAddress } from '../../base/transport-address.ts';

export type ClientTransport = 'udp' | 'tcp' | 'tls';

/**
 * The client side of a 5-tuple (RFC 8656 §2), as plain data. Each message of a client may come with a record of its own, so `key` and
 * `socket` are compared, never identity. Holding no state until an allocation exists is what keeps spoofed sources from costing memory.
 */
export interface ClientPath {
  readonly transport: ClientTransport;
  /** The client's transport address. */
  readonly remote: TransportAddress;
  /** The listener's transport address. */
  readonly local: TransportAddress;
  /** Key of the 5-tuple; unique while the path exists. */
  readonly key: string;
  /** The plane's number of the UDP listener that the client sends to, or of the client's connection. No number is given twice. */
  readonly socket: number;
  /** The client's address as its socket writes it: that of a link-local client has a zone. */
  readonly from: string;
}
