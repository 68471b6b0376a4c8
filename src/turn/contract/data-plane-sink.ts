import { type TransportAddress } from '../../base/transport-address.ts';
import { type ClientPath } from './client-path.ts';
import { type RelayHandle } from './relay-handle.ts';
import { type TcpRelaySink } from './tcp-relay-plane.ts';

/** What the network said about a datagram that a relay sent: an ICMP error (RFC 792, RFC 4443). */
export interface PeerError {
  /** Where the datagram was going. */
  readonly peer: TransportAddress;
  readonly type: number;
  readonly code: number;
  /** The next-hop MTU where type and code say so, else 0. */
  readonly data: number;
}

/** What the engine hears from a data plane, all of it plain data. None of these may throw. Bytes are valid during the call only. */
export interface DataPlaneSink extends TcpRelaySink {
  /** A STUN message, or ChannelData that no channel of the plane matched. */
  onClientMessage(client: ClientPath, bytes: Buffer): void;
  /** Data of a permitted peer that has no channel: becomes a Data indication. */
  onPeerData(relay: RelayHandle, peer: TransportAddress, data: Buffer): void;
  /** An ICMP error says that a datagram of this relay did not arrive. */
  onPeerError(relay: RelayHandle, error: PeerError): void;
  /** The socket of a relay that was to be closed is closed, and its port is free. May come during `closeRelay`. */
  onRelayClosed(relay: RelayHandle): void;
  /** A TCP or TLS client connection has gone. */
  onClientClosed(client: ClientPath): void;
}
