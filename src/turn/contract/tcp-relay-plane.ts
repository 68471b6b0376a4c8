import { type TransportAddress } from '../../base/transport-address.ts';
import { type ClientPath } from './client-path.ts';
import { type RelayHandle } from './relay-handle.ts';

/**
 * The part of a data plane that relays TCP (RFC 6062): it makes, accepts, joins and closes connections as the engine decides. A connection is
 * known by its CONNECTION-ID. Until it is joined nothing is read from the peer, so that its data waits in the kernel and the peer is slowed.
 */
export interface TcpRelayPlane {
  /** Connects from the relayed transport address; `onPeerConnected` or `onPeerConnectionEnded` tells what came of it, never during the call. */
  connect(relay: RelayHandle, id: number, peer: TransportAddress): void;
  /**
   * Takes the client's connection out of the hands of TURN: what it brings from here on, in the same segment too, goes to the peer as it is, and
   * what the peer sends goes to it. No more is held for either side than configured; one that takes nothing for long ends both.
   */
  join(id: number, client: ClientPath): void;
  /** Closes at once, with the client's connection if it was joined, and tells nobody. A no-op for a connection that is no more. */
  end(id: number): void;
}

/** What the engine hears of the connections of TCP relays. */
export interface TcpRelaySink {
  onPeerConnected(id: number): void;
  /** A peer connected to the relayed transport address. The answer names the connection; without a name it is closed. */
  onPeerAccepted(relay: RelayHandle, peer: TransportAddress): number | undefined;
  /** A connection could not be made, or has ended. */
  onPeerConnectionEnded(id: number): void;
}
