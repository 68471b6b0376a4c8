import { type AddressFamily } from '../base/ip.ts';
import { type TransportAddress } from '../base/transport-address.ts';
import { type RelayBandwidth } from './contract/bandwidth.ts';
import { type ClientPath } from './contract/client-path.ts';
import { COUNTERS_PER_RELAY } from './contract/counters.ts';
import { type ChannelEntry, type DataPlane, type SendOptions } from './contract/data-plane.ts';
import { type RelayHandle, type RelayOpening, type RelayProtocol } from './contract/relay-handle.ts';
import { type BatchDataPlane } from './dataplane/batch/batch-data-plane.ts';
import { BatchRelay } from './dataplane/batch/batch-relay.ts';
import { type NodeDataPlane } from './dataplane/node/node-data-plane.ts';

/**
 * Two planes as one: `batch` for relays that UDP clients ask for, `node` for those of TCP and TLS clients, whose connections live on the main
 * thread. A relay stays where it was made, wherever its client moves. Data between relays of both takes the straight path.
 */
export class JointDataPlane implements DataPlane {
  readonly kind = 'batch';
  readonly setsDontFragment = true;
  readonly tcp: NodeDataPlane['tcp'];
  readonly #batch: BatchDataPlane;
  readonly #node: NodeDataPlane;

  constructor(batch: BatchDataPlane, node: NodeDataPlane) {
    this.#batch = batch;
    this.#node = node;
    this.tcp = node.tcp;
  }

  openRelay(
    client: ClientPath,
    family: AddressFamily,
    port: number,
    expiresAtMs: number,
    protocol: RelayProtocol,
  ): RelayOpening {
    if (client.transport === 'udp') return this.#batch.openRelay(client, family, port, expiresAtMs);
    const opened = this.#node.openRelay(client, family, port, expiresAtMs, protocol);
    if (opened.ok && protocol === 'udp') this.#announce(opened.value);
    return opened;
  }

  reserveRelay(family: AddressFamily, port: number): RelayOpening {
    return this.#batch.reserveRelay(family, port);
  }

  claimRelay(relay: RelayHandle, client: ClientPath, expiresAtMs: number): void {
    this.#of(relay).claimRelay(relay, client, expiresAtMs);
  }

  moveClient(relay: RelayHandle, client: ClientPath, frame?: Uint8Array): void {
    this.#of(relay).moveClient(relay, client, frame);
  }

  setRelayExpiry(relay: RelayHandle, expiresAtMs: number): void {
    this.#of(relay).setRelayExpiry(relay, expiresAtMs);
  }

  closeRelay(relay: RelayHandle): void {
    if (!BatchRelay.isHere(relay)) this.#batch.foreign.remove(relay.relayed);
    this.#of(relay).closeRelay(relay);
  }

  setPermission(relay: RelayHandle, peerAddress: string, expiresAtMs: number, isOpen?: boolean): void {
    this.#of(relay).setPermission(relay, peerAddress, expiresAtMs, isOpen);
  }

  setGuardedPorts(ports: readonly number[]): void {
    this.#batch.setGuardedPorts(ports);
    this.#node.setGuardedPorts(ports);
  }

  removePermission(relay: RelayHandle, peerAddress: string): void {
    this.#of(relay).removePermission(relay, peerAddress);
  }

  setChannel(relay: RelayHandle, entry: ChannelEntry): void {
    this.#of(relay).setChannel(relay, entry);
  }

  removeChannel(relay: RelayHandle, channel: number): void {
    this.#of(relay).removeChannel(relay, channel);
  }

  setBandwidth(relay: RelayHandle, bandwidth: RelayBandwidth): void {
    this.#of(relay).setBandwidth(relay, bandwidth);
  }

  sendToPeer(relay: RelayHandle, peer: TransportAddress, data: Uint8Array, options: SendOptions): void {
    this.#of(relay).sendToPeer(relay, peer, data, options);
  }

  /** The sockets of both planes have their numbers from one table. */
  sendToClient(client: ClientPath, data: Uint8Array): void {
    this.#node.sendToClient(client, data);
  }

  clientAuthenticated(client: ClientPath): void {
    this.#node.clientAuthenticated(client);
  }

  holdClient(client: ClientPath): void {
    this.#node.holdClient(client);
  }

  releaseClient(client: ClientPath): void {
    this.#node.releaseClient(client);
  }

  readCounters(relays: readonly RelayHandle[]): Float64Array {
    const counters = new Float64Array(relays.length * COUNTERS_PER_RELAY);
    relays.forEach((relay, i) => {
      counters.set(this.#of(relay).readCounters([relay]), i * COUNTERS_PER_RELAY);
    });
    return counters;
  }

  #of(relay: RelayHandle): BatchDataPlane | NodeDataPlane {
    return BatchRelay.isHere(relay) ? this.#batch : this.#node;
  }

  #announce(relay: RelayHandle): void {
    this.#batch.foreign.add(relay.relayed, (peer, data) => {
      this.#node.receiveFromOwn(relay, peer, data);
    });
  }
}
