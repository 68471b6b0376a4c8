import { type AddressFamily } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { type RelayBandwidth } from './bandwidth.ts';
import { type ClientPath, type ClientTransport } from './client-path.ts';
import { type RelayHandle } from './relay-handle.ts';
import { type RelayProtocol, type TcpRelaySink, type TcpRelayPlane } from './tcp-relay-plane.ts';

export { type ClientPath, type ClientTransport, type RelayHandle };

export interface ChannelEntry {
  /** The channel number, 0x4000 to 0x4FFF. */
  readonly channel: number;
  readonly peer: TransportAddress;
  /** Monotonic milliseconds: the end of the binding. */
  readonly expiresAtMs: number;
}

/** What the network said about a datagram that a relay sent: an ICMP error (RFC 792, RFC 4443). */
export interface PeerError {
  /** Where the datagram was going. */
  readonly peer: TransportAddress;
  readonly type: number;
  readonly code: number;
  /** The next-hop MTU where type and code say so, else 0. */
  readonly data: number;
}

export interface SendOptions {
  /** Set the DF bit, as DONT-FRAGMENT asks (RFC 8656 §11.3). */
  readonly dontFragment: boolean;
}

/** Counters of one relay slot, `COUNTERS_PER_SLOT` doubles each, in this order. */
export const RELAY_COUNTERS = ['packetsToPeer', 'bytesToPeer', 'packetsToClient', 'bytesToClient', 'dropped'] as const;
export type RelayCounter = (typeof RELAY_COUNTERS)[number];
export const COUNTERS_PER_SLOT = RELAY_COUNTERS.length;

/** The engine tries another port on `in-use`, and answers 508 on `unavailable`. */
export type PortFailure = 'in-use' | 'unavailable';

/** A relay that could not be opened. */
export interface RelayNotOpened {
  readonly ok: false;
  readonly reason: PortFailure;
  /** The error of the system, for the log. */
  readonly detail: string;
}

/** The result of opening a relay. */
export type RelayOpening<Handle extends RelayHandle = RelayHandle> =
  { readonly ok: true; readonly value: Handle } | RelayNotOpened;

/**
 * The engine decides, a data plane executes and counts. All times are absolute monotonic milliseconds and are checked by the plane when
 * a packet passes: channel and allocation for what a client sends on a channel, permission and allocation for what a peer sends. The
 * engine's timers only free memory.
 */
export interface DataPlane {
  readonly kind: 'node';
  /** Whether `SendOptions.dontFragment` has an effect. */
  readonly setsDontFragment: boolean;
  /** Relays of TCP; absent when the plane cannot relay TCP. */
  readonly tcp: TcpRelayPlane | undefined;
  /** Binds one relayed transport address for the client's 5-tuple, of TCP only where there is `tcp`. */
  openRelay(
    client: ClientPath,
    family: AddressFamily,
    port: number,
    expiresAtMs: number,
    protocol: RelayProtocol,
  ): RelayOpening;
  /** Binds a port without a client (EVEN-PORT with the R bit, RFC 8656 §7.2): data that arrives is dropped. */
  reserveRelay(family: AddressFamily, port: number): RelayOpening;
  /** Gives a reserved address to a client. */
  claimRelay(relay: RelayHandle, client: ClientPath, expiresAtMs: number): void;
  /**
   * Gives the relays of an allocation, of which `relay` is one, with all their channels to another path of the client. `frame`: ChannelData
   * that came on it, to be passed on.
   */
  moveClient(relay: RelayHandle, client: ClientPath, frame?: Uint8Array): void;
  /** Sets when the relay ends, in monotonic milliseconds. */
  setRelayExpiry(relay: RelayHandle, expiresAtMs: number): void;
  /** Closes the socket, and with it all channels, permissions and connections of the relay. The port is free when this returns. */
  closeRelay(relay: RelayHandle): void;
  /** `peerAddress` is canonical IP text; permissions ignore ports (RFC 8656 §2.3). */
  setPermission(relay: RelayHandle, peerAddress: string, expiresAtMs: number): void;
  removePermission(relay: RelayHandle, peerAddress: string): void;
  /** Inserts or refreshes a channel. Calling it again changes nothing. */
  setChannel(relay: RelayHandle, entry: ChannelEntry): void;
  removeChannel(relay: RelayHandle, channel: number): void;
  /** A Send indication's payload. The engine has checked permission and policy. Never throws: what cannot be sent is counted as dropped. */
  sendToPeer(relay: RelayHandle, peer: TransportAddress, data: Uint8Array, options: SendOptions): void;
  /** Asks `bandwidth` about each datagram of the relay that would pass. Called once, for the relays of an allocation that is limited. */
  setBandwidth(relay: RelayHandle, bandwidth: RelayBandwidth): void;
  /** Copies the counters of `slots` into `into`, `COUNTERS_PER_SLOT` each, in order. */
  readCounters(into: Float64Array, slots: readonly number[]): void;
}

/** What the engine hears from its transports and its data plane. None of these may throw. */
export interface DataPlaneSink extends TcpRelaySink {
  /** A STUN message, or ChannelData that no channel of the plane matched. `bytes` is valid during the call only. */
  onClientMessage(client: ClientPath, bytes: Buffer): void;
  /** Data of a permitted peer that has no channel: becomes a Data indication. `data` is valid during the call only. */
  onPeerData(relay: RelayHandle, peer: TransportAddress, data: Buffer): void;
  /** An ICMP error says that a datagram of this relay did not arrive. */
  onPeerError(relay: RelayHandle, error: PeerError): void;
  /** A TCP or TLS client connection has gone. */
  onClientClosed(client: ClientPath): void;
}
