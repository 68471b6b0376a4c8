import { type AddressFamily } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { type RelayBandwidth } from './bandwidth.ts';
import { type ClientPath } from './client-path.ts';
import { type RelayHandle, type RelayOpening, type RelayProtocol } from './relay-handle.ts';
import { type TcpRelayPlane } from './tcp-relay-plane.ts';

export interface ChannelEntry {
  /** The channel number, 0x4000 to 0x4FFF. */
  readonly channel: number;
  readonly peer: TransportAddress;
  /** Monotonic milliseconds: the end of the binding. */
  readonly expiresAtMs: number;
}

export interface SendOptions {
  /** Set the DF bit, as DONT-FRAGMENT asks (RFC 8656 §11.3). */
  readonly dontFragment: boolean;
}

/**
 * The engine decides, a data plane executes and counts. All that crosses is plain data, here and in `DataPlaneSink`: a record that
 * crosses may be copied on its way, so neither side knows another's objects.
 *
 * All times are absolute monotonic milliseconds and are checked by the plane when a packet passes: channel and allocation for what a client
 * sends on a channel, permission and allocation for what a peer sends. The engine's timers only free memory.
 */
export interface DataPlane {
  readonly kind: 'node' | 'batch';
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
  /** Ends all channels, permissions and connections of the relay at once, and closes its socket; `onRelayClosed` tells when the port is free. */
  closeRelay(relay: RelayHandle): void;
  /**
   * `peerAddress` is canonical IP text; permissions ignore ports (RFC 8656 §2.3). `isOpen`: each port of the address is a peer but the guarded
   * ones, so that a plane may pass what Send and Data indications carry without asking the engine.
   */
  setPermission(relay: RelayHandle, peerAddress: string, expiresAtMs: number, isOpen?: boolean): void;
  /** Ports of which the engine decides at every address, in place of those told before. What channels are bound to is decided already. */
  setGuardedPorts(ports: readonly number[]): void;
  removePermission(relay: RelayHandle, peerAddress: string): void;
  /** Inserts or refreshes a channel. Calling it again changes nothing. */
  setChannel(relay: RelayHandle, entry: ChannelEntry): void;
  removeChannel(relay: RelayHandle, channel: number): void;
  /** Limits what passes the relay, in both directions. Called once at most, before anything is permitted. */
  setBandwidth(relay: RelayHandle, bandwidth: RelayBandwidth): void;
  /** A Send indication's payload. The engine has checked permission and policy. Never throws: what cannot be sent is counted as dropped. */
  sendToPeer(relay: RelayHandle, peer: TransportAddress, data: Uint8Array, options: SendOptions): void;
  /** Hands a message to the client, and drops it when the transport cannot take it now or is gone. The engine leaves `data` alone from then on. */
  sendToClient(client: ClientPath, data: Uint8Array): void;
  /** A request that the client brought was authenticated just now. */
  clientAuthenticated(client: ClientPath): void;
  /**
   * Serves nothing that stands behind the message that is served now, until `releaseClient`: behind a ConnectionBind come bytes that are no
   * STUN. Nothing for UDP.
   */
  holdClient(client: ClientPath): void;
  releaseClient(client: ClientPath): void;
  /** The counters of `relays`, `COUNTERS_PER_RELAY` of each, in order. */
  readCounters(relays: readonly RelayHandle[]): Float64Array;
}
