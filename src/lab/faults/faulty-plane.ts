import { type AddressFamily } from '../../base/ip.ts';
import { formatTransportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { Drop } from '../../turn/dataplane/shared/drop-counters.ts';
import { addressFromKernel } from '../../turn/kernel/address.ts';
import {
  type NodeDataPlaneOptions,
  type NodeDataPlanePorts,
} from '../../turn/dataplane/node/node-data-plane-options.ts';
import { NodeDataPlane } from '../../turn/dataplane/node/node-data-plane.ts';
import { peerHost, type ClientLeg, type PeerHost, type Relay } from '../../turn/dataplane/node/relay-state.ts';
import { type SendOptions } from '../../turn/contract/data-plane.ts';
import { type ClientPath } from '../../turn/contract/client-path.ts';
import { type RelayHandle, type RelayOpening, type RelayProtocol } from '../../turn/contract/relay-handle.ts';

import { type AllocationInfo } from '../../turn/engine/observe/turn-events.ts';
import { ImpairedPath } from './impaired-path.ts';
import { type Impairment } from './impairment.ts';

/**
 * The data plane with relays whose datagrams are lost or delayed on purpose. An impairment is asked when everything else lets a datagram pass. What
 * was held back goes on as if it came when it is due; permission to send it was asked when it came. Streams of TCP relays are never impaired.
 */
export class FaultyPlane extends NodeDataPlane {
  readonly #ports: NodeDataPlanePorts;
  /** The open relays of UDP by their relayed address. */
  readonly #relays = new Map<string, Relay>();
  /** The impaired paths, by relay. A relay without an entry passes its datagrams unchanged. */
  readonly #paths = new Map<Relay, ImpairedPath>();
  #lost = 0;

  constructor(options: NodeDataPlaneOptions, ports: NodeDataPlanePorts) {
    super(options, ports);
    this.#ports = ports;
  }

  /** Datagrams that impairments have lost. */
  get lost(): number {
    return this.#lost;
  }

  /** Relays that are impaired, or hold datagrams back. */
  get impairedRelays(): number {
    return this.#paths.size;
  }

  /** Puts what passes an allocation's relays at the mercy of `impairment`, or lets it pass again. A no-op when the allocation has ended. */
  impair({ transport, client, relayedAll }: AllocationInfo, impairment: Impairment | undefined): void {
    for (const relayed of relayedAll) {
      const relay = this.#relays.get(formatTransportAddress(relayed));
      const link = relay?.leg?.link;
      // The address may be that of another client's relay by now, or the allocation's relay one of TCP.
      const isOwn = link?.client.transport === transport && isSame(link.client.remote, client);
      if (relay && isOwn) this.setImpairment(relay.handle, impairment);
    }
  }

  /**
   * Asks `impairment` about each datagram of the relay that would pass, in place of an earlier one; `undefined` lets all pass. What is held
   * back at that moment still leaves when it is due, and what is held when the relay closes is gone.
   */
  setImpairment({ slot, relayed }: RelayHandle, impairment: Impairment | undefined): void {
    const relay = this.#relays.get(formatTransportAddress(relayed));
    if (relay?.slot !== slot) return;
    const path = this.#paths.get(relay) ?? (impairment && this.#pathOf(relay));
    path?.set(impairment);
  }

  override openRelay(
    client: ClientPath,
    family: AddressFamily,
    port: number,
    expiresAtMs: number,
    protocol: RelayProtocol = 'udp',
  ): RelayOpening {
    const opened = super.openRelay(client, family, port, expiresAtMs, protocol);
    return protocol === 'udp' ? this.#noted(opened) : opened;
  }

  override reserveRelay(family: AddressFamily, port: number): RelayOpening {
    return this.#noted(super.reserveRelay(family, port));
  }

  override closeRelay(handle: RelayHandle): void {
    const relay = this.relayOf(handle);
    super.closeRelay(handle);
    if (!relay) return;
    const key = formatTransportAddress(relay.relayed);
    if (this.#relays.get(key) === relay) this.#relays.delete(key);
    this.#paths.get(relay)?.close();
  }

  /** What an impairment may hold back goes without the DF bit, like what an own relay takes. */
  override sendToPeer(handle: RelayHandle, peer: TransportAddress, data: Uint8Array, options: SendOptions): void {
    const relay = this.relayOf(handle);
    const isImpaired = relay !== undefined && this.#paths.has(relay);
    super.sendToPeer(handle, peer, data, isImpaired ? { dontFragment: false } : options);
  }

  protected override passToPeer(
    relay: Relay,
    ownRelays: ReadonlyMap<number, Relay> | undefined,
    address: string,
    port: number,
    data: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const isHeld = this.#paths.get(relay)?.holds('to-peer', data, offset, length, (held) => {
      if (relay.leg) super.passToPeer(relay, ownRelays, address, port, held, 0, held.length);
    });
    if (isHeld !== true) super.passToPeer(relay, ownRelays, address, port, data, offset, length);
  }

  protected override passToClient(
    relay: Relay,
    leg: ClientLeg,
    host: PeerHost,
    port: number,
    nowMs: number,
    data: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    const isHeld = this.#paths.get(relay)?.holds('to-client', data, offset, length, (held) => {
      this.#passLate(relay, host.address, port, held);
    });
    return isHeld === true || super.passToClient(relay, leg, host, port, nowMs, data, offset, length);
  }

  #passLate(relay: Relay, address: string, port: number, data: Buffer): void {
    const { leg } = relay;
    if (leg === undefined) return;
    const { sink, nowMs } = this.#ports;
    const host = relay.hosts.get(address) ?? peerHost(address);
    if (super.passToClient(relay, leg, host, port, nowMs(), data, 0, data.length)) return;
    const peer = addressFromKernel(address, port);
    if (peer !== undefined) sink.onPeerData(relay.handle, peer, data);
  }

  #noted(opened: RelayOpening): RelayOpening {
    const relay = opened.ok ? this.relayOf(opened.value) : undefined;
    if (relay) this.#relays.set(formatTransportAddress(relay.relayed), relay);
    return opened;
  }

  #pathOf(relay: Relay): ImpairedPath {
    const path: ImpairedPath = new ImpairedPath({
      nowMs: this.#ports.nowMs,
      lost: () => {
        this.#lost += 1;
        this.countDropped(relay);
      },
      full: () => {
        this.drop(relay, Drop.SendQueueFull);
      },
      needed: (isNeeded) => {
        if (isNeeded) this.#paths.set(relay, path);
        else this.#paths.delete(relay);
      },
    });
    return path;
  }
}

function isSame(one: TransportAddress, other: TransportAddress): boolean {
  return one.address === other.address && one.port === other.port;
}
