import { type TransportAddress } from '../../base/transport-address.ts';

export type ClientTransport = 'udp' | 'tcp' | 'tls';

/**
 * The client side of a 5-tuple (RFC 8656 §2). For TCP and TLS one object lives as long as the connection; for UDP a listener may make
 * a new one for each datagram, so compare `key`, never identity. Holding no state until an allocation exists is what keeps
 * spoofed sources from costing memory.
 */
export interface ClientPath {
  readonly transport: ClientTransport;
  /** The client's transport address. */
  readonly remote: TransportAddress;
  /** The listener's transport address. */
  readonly local: TransportAddress;
  /** Key of the 5-tuple; unique while the path exists. */
  readonly key: string;
  /** Hands bytes to the client; drops and counts when the transport cannot take them now. Never throws. */
  send(data: Uint8Array): void;
  /** A request that it brought was authenticated just now. Absent where that makes no difference. */
  onAuthenticated?(): void;
  /**
   * Serves nothing that stands behind the message that is served now, until `release`: behind a ConnectionBind come bytes that are no STUN.
   * Absent for UDP.
   */
  hold?(): void;
  release?(): void;
  /** Ends a TCP or TLS connection once what was sent is out; nothing for UDP. */
  close(): void;
}
