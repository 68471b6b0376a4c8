import { type RemoteInfo } from 'node:dgram';
import { type AddressFamily } from '../../../base/ip.ts';
import { ok } from '../../../base/result.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { CHANNEL_DATA_HEADER_BYTES, channelDataLength, channelDataNumber } from '../../../stun/channel-data.ts';
import { type BandwidthScope, type RelayBandwidth, type RelayDirection } from '../../contract/bandwidth.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { COUNTERS_PER_RELAY } from '../../contract/counters.ts';
import { type ChannelEntry, type DataPlane, type SendOptions } from '../../contract/data-plane.ts';
import { type DataPlaneSink } from '../../contract/data-plane-sink.ts';
import { type RelayHandle, type RelayOpening, type RelayProtocol } from '../../contract/relay-handle.ts';
import { Bandwidths, type RelayBuckets } from '../shared/bandwidths.ts';
import { CoarseClock } from '../shared/coarse-clock.ts';
import { Drop, type DropCounters, type DropIndex } from '../shared/drop-counters.ts';
import { bindRelaySocket } from './bind-relay-socket.ts';
import { type ClientSockets } from './client-sockets.ts';
import { addressFromKernel } from '../../kernel/address.ts';
import { type NodeDataPlaneOptions, type NodeDataPlanePorts } from './node-data-plane-options.ts';
import { CounterAt, RelayCounters } from '../shared/relay-counters.ts';
import { MAX_UDP_PAYLOAD } from '../shared/udp-payload.ts';
import { Indications } from './indications.ts';
import { RelayBacklog } from './relay-backlog.ts';
import { RelayDirectory, type OwnAddress } from './relay-directory.ts';
import { ClientLeg, Relay, type Channel, type ClientDataPath, type PeerHost } from './relay-state.ts';
import { openRelaySocket, type RelaySocket } from './relay-socket.ts';
import { TcpRelaySocket } from './tcp-relay-socket.ts';
import { TcpRelays } from './tcp-relays.ts';

const BANDWIDTH_DROPS: Readonly<Record<BandwidthScope, DropIndex>> = {
  allocation: Drop.BandwidthOfAllocation,
  user: Drop.BandwidthOfUser,
  total: Drop.BandwidthOfAll,
};

/**
 * The data plane of one socket for each relayed transport address, everything on the main thread: over `node:dgram`, and with a `KernelUdp`
 * for what that cannot do.
 *
 * DONT-FRAGMENT (RFC 8656 §11.3) is honoured with a `KernelUdp` only. Without one, Linux's default for a UDP socket (IP_PMTUDISC_WANT, unless
 * net.ipv4.ip_no_pmtu_disc is set) sends every datagram that fits the path MTU it knows with the DF bit, asked or not, so nothing is claimed.
 */
export class NodeDataPlane implements DataPlane, ClientDataPath {
  readonly kind = 'node';
  readonly setsDontFragment: boolean;
  readonly tcp: TcpRelays | undefined;
  readonly #options: NodeDataPlaneOptions;
  readonly #sink: DataPlaneSink;
  readonly #clients: ClientSockets;
  readonly #drops: DropCounters;
  readonly #ports: NodeDataPlanePorts;
  readonly #clock: CoarseClock;
  readonly #backlog: RelayBacklog | undefined;
  readonly #directory: RelayDirectory;
  readonly #counters = new RelayCounters();
  readonly #bandwidths = new Bandwidths();
  readonly #bySlot: (Relay | undefined)[] = [];
  readonly #indications = new Indications();

  constructor(options: NodeDataPlaneOptions, ports: NodeDataPlanePorts) {
    const { sink, clients, drops, logger, kernel, batch, nowMs } = ports;
    this.#options = options;
    this.#sink = sink;
    this.#clients = clients;
    this.#drops = drops;
    this.#ports = ports;
    this.setsDontFragment = kernel !== undefined;
    this.#clock = new CoarseClock(nowMs, options.clockResolutionMs);
    this.#backlog = batch && new RelayBacklog(batch, { turnMs: () => this.#clock.nowMs(), nowMs });
    this.#directory = new RelayDirectory(options.addresses);
    const count = (relay: Relay, direction: RelayDirection, bytes: number): void => {
      if (direction === 'to-peer') this.#count(relay, CounterAt.packetsToPeer, CounterAt.bytesToPeer, bytes);
      else this.#count(relay, CounterAt.packetsToClient, CounterAt.bytesToClient, bytes);
    };
    const relayOf = (handle: RelayHandle): Relay | undefined => this.relayOf(handle);
    const tcpPorts = { sink, clients, relayOf, directory: this.#directory, count, logger, nowMs };
    this.tcp = options.tcp && new TcpRelays(options.tcp, { ...tcpPorts, kernel: options.tcp.kernel });
  }

  openRelay(
    client: ClientPath,
    family: AddressFamily,
    port: number,
    expiresAtMs: number,
    protocol: RelayProtocol = 'udp',
  ): RelayOpening {
    const bound = this.#bind(family, port, protocol);
    if (bound.ok) this.claimRelay(bound.value, client, expiresAtMs);
    return bound;
  }

  reserveRelay(family: AddressFamily, port: number): RelayOpening {
    return this.#bind(family, port, 'udp');
  }

  claimRelay(handle: RelayHandle, client: ClientPath, expiresAtMs: number): void {
    const relay = this.relayOf(handle);
    const link = this.#clients.of(client)?.linkTo(client);
    if (!relay || !link) return;
    const leg = link.leg ?? new ClientLeg(link);
    leg.relayCount++;
    link.leg = leg;
    relay.leg = leg;
    relay.expiresAtMs = expiresAtMs;
    if (!(relay.socket instanceof TcpRelaySocket)) leg.relays[relay.relayed.family] = relay;
  }

  moveClient(handle: RelayHandle, client: ClientPath, frame?: Uint8Array): void {
    const leg = this.relayOf(handle)?.leg;
    const link = this.#clients.of(client)?.linkTo(client);
    if (!leg || !link) return;
    leg.moveTo(link);
    if (frame) this.forward(leg, frame);
  }

  setRelayExpiry(handle: RelayHandle, expiresAtMs: number): void {
    const relay = this.relayOf(handle);
    if (relay) relay.expiresAtMs = expiresAtMs;
  }

  closeRelay(handle: RelayHandle): void {
    const relay = this.relayOf(handle);
    if (!relay) return;
    relay.siblings.delete(relay.relayed.port);
    const { leg } = relay;
    if (leg !== undefined) {
      for (const host of relay.hosts.values()) {
        for (const { channel } of host.channels.values()) leg.channels.delete(channel);
      }
      if (leg.relays[relay.relayed.family] === relay) leg.relays[relay.relayed.family] = undefined;
      leg.relayCount--;
      if (leg.relayCount === 0) leg.link.leg = undefined;
    }
    this.#noteKernelDrops(relay);
    this.#bySlot[relay.slot] = undefined;
    relay.hosts.clear();
    relay.leg = undefined;
    relay.socket.close();
    this.#counters.release(relay.slot);
    if (relay.bandwidth) this.#bandwidths.close(relay.bandwidth, this.#clock.nowMs());
    this.#sink.onRelayClosed(relay.handle);
  }

  setPermission(handle: RelayHandle, peerAddress: string, expiresAtMs: number, isOpen = false): void {
    const relay = this.relayOf(handle);
    if (!relay) return;
    const host = relay.host(peerAddress);
    host.permittedUntilMs = expiresAtMs;
    host.isOpen = isOpen;
    if (!relay.socket.isIdle) return;
    this.#noteUnheard(relay);
    this.#listen(relay);
  }

  setGuardedPorts(ports: readonly number[]): void {
    this.#indications.guard(ports);
  }

  removePermission(handle: RelayHandle, peerAddress: string): void {
    const relay = this.relayOf(handle);
    const host = relay?.hosts.get(peerAddress);
    if (relay === undefined || host === undefined) return;
    host.permittedUntilMs = 0;
    relay.forgetIfEmpty(host);
  }

  setChannel(handle: RelayHandle, entry: ChannelEntry): void {
    const relay = this.relayOf(handle);
    relay?.leg?.bind(relay, entry, this.#directory.ofAddress(entry.peer.address)?.relays);
  }

  removeChannel(handle: RelayHandle, channel: number): void {
    const relay = this.relayOf(handle);
    if (relay) relay.leg?.unbind(relay, channel);
  }

  sendToPeer(handle: RelayHandle, peer: TransportAddress, data: Uint8Array, { dontFragment }: SendOptions): void {
    const relay = this.relayOf(handle);
    if (relay?.leg === undefined) return;
    const { address, port } = peer;
    const ownRelays = this.#directory.ofAddress(address)?.relays;
    if (dontFragment && ownRelays?.has(port) !== true) this.#sendUnfragmented(relay, peer, data);
    else this.#toPeer(relay, ownRelays, address, port, data, 0, data.length);
  }

  setBandwidth(handle: RelayHandle, bandwidth: RelayBandwidth): void {
    const relay = this.relayOf(handle);
    if (relay) relay.bandwidth = this.#bandwidths.open(bandwidth);
  }

  sendToClient(client: ClientPath, data: Uint8Array): void {
    this.#clients.of(client)?.sendTo(client, data);
  }

  clientAuthenticated(client: ClientPath): void {
    this.#clients.of(client)?.noteAuthenticated?.();
  }

  holdClient(client: ClientPath): void {
    this.#clients.of(client)?.hold?.();
  }

  releaseClient(client: ClientPath): void {
    this.#clients.of(client)?.release?.();
  }

  readCounters(relays: readonly RelayHandle[]): Float64Array {
    for (const handle of relays) {
      const relay = this.relayOf(handle);
      if (relay) this.#noteKernelDrops(relay);
    }
    return this.#counters.read(relays);
  }

  /** The open relay that the engine knows by `handle`. */
  protected relayOf({ slot }: RelayHandle): Relay | undefined {
    return this.#bySlot[slot];
  }

  /** Counts what the kernel has dropped since it was last asked, a system call for each relay: too dear for the packet path. */
  noteKernelDrops(): void {
    for (const relay of this.#directory.relays()) this.#noteKernelDrops(relay);
  }

  #noteKernelDrops(relay: Relay): void {
    if (relay.socket.isIdle) this.#noteUnheard(relay);
    else if (relay.hasHeard) {
      relay.hasHeard = false;
      this.#dropMany(relay, Drop.KernelBufferFull, relay.takeKernelDrops());
    }
  }

  /** Drops what has come to a relay that does not listen, as no peer is permitted. */
  #noteUnheard(relay: Relay): void {
    const waiting = this.#ports.batch ? relay.socket.discard(this.#ports.batch) : 0;
    const reason = relay.leg === undefined ? Drop.ReservedRelay : Drop.NoPermission;
    this.#dropMany(relay, reason, waiting + relay.takeKernelDrops());
  }

  #dropMany(relay: Relay, reason: DropIndex, count: number): void {
    if (count <= 0) return;
    this.#drops.add(reason, count);
    this.#add(relay, CounterAt.dropped, count);
  }

  /** Closes what the engine has left open. */
  close(): void {
    for (const { handle } of this.#directory.relays()) this.closeRelay(handle);
    this.#clock.close();
  }

  /** Packet path, client to peer: one lookup, no allocation of ours. */
  forward(leg: ClientLeg, frame: Uint8Array): boolean {
    const channel = leg.channels.get(channelDataNumber(frame, 0));
    if (channel === undefined) return false;
    const { relay } = channel;
    const length = channelDataLength(frame, 0, frame.length);
    if (length < 0) this.drop(relay, Drop.Malformed);
    else if (this.#isExpired(channel)) this.drop(relay, Drop.Expired);
    else {
      this.#toPeer(relay, channel.ownRelays, channel.address, channel.port, frame, CHANNEL_DATA_HEADER_BYTES, length);
    }
    return true;
  }

  forwardSend(leg: ClientLeg, message: Buffer): boolean {
    const address = this.#indications.find(leg, message, this.#clock.nowMs());
    const { relay, send } = this.#indications;
    if (address === undefined || relay === undefined) return false;
    const ownRelays = this.#directory.ofAddress(address)?.relays;
    this.#toPeer(relay, ownRelays, address, send.port, message, send.dataAt, send.dataBytes);
    return true;
  }

  /** RFC 8656 §12.6: a bound channel relays, permission or none; that is for what peers send (§9). */
  #isExpired({ expiresAtMs, relay }: Channel): boolean {
    const nowMs = this.#clock.nowMs();
    return nowMs >= expiresAtMs || nowMs >= relay.expiresAtMs;
  }

  #toPeer(
    relay: Relay,
    ownRelays: ReadonlyMap<number, Relay> | undefined,
    address: string,
    port: number,
    data: Uint8Array,
    offset: number,
    length: number,
  ): void {
    if (relay.bandwidth !== undefined && this.#isTooMuch(relay, relay.bandwidth, 'to-peer', length)) return;
    this.passToPeer(relay, ownRelays, address, port, data, offset, length);
  }

  /** A datagram to a peer, which nothing forbids any more. */
  protected passToPeer(
    relay: Relay,
    ownRelays: ReadonlyMap<number, Relay> | undefined,
    address: string,
    port: number,
    data: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const other = ownRelays?.get(port);
    if (other !== undefined) {
      this.#count(relay, CounterAt.packetsToPeer, CounterAt.bytesToPeer, length);
      this.#fromOwnRelay(other, relay, data, offset, length);
    } else if (port === 0) this.drop(relay, Drop.BadPeerAddress);
    else if (
      ownRelays !== undefined &&
      this.#ports.toOtherPlane?.(
        relay.relayed,
        { ...relay.relayed, address, port },
        data.subarray(offset, offset + length),
      )
    ) {
      this.#count(relay, CounterAt.packetsToPeer, CounterAt.bytesToPeer, length);
    } else if (length > MAX_UDP_PAYLOAD[relay.relayed.family]) this.drop(relay, Drop.TooLarge);
    else if (relay.socket.send(data, offset, length, port, address)) {
      this.#count(relay, CounterAt.packetsToPeer, CounterAt.bytesToPeer, length);
    } else this.drop(relay, Drop.SendQueueFull);
  }

  #isTooMuch(relay: Relay, buckets: RelayBuckets, direction: RelayDirection, bytes: number): boolean {
    const scope = buckets.exceededBy(direction, bytes, this.#clock.nowMs());
    return scope !== undefined && this.drop(relay, BANDWIDTH_DROPS[scope]);
  }

  #sendUnfragmented(relay: Relay, peer: TransportAddress, data: Uint8Array): void {
    if (relay.bandwidth !== undefined && this.#isTooMuch(relay, relay.bandwidth, 'to-peer', data.length)) return;
    if (peer.port === 0) this.drop(relay, Drop.BadPeerAddress);
    else if (data.length > MAX_UDP_PAYLOAD[peer.family]) this.drop(relay, Drop.TooLarge);
    else if (relay.socket.sendUnfragmented(data, 0, data.length, peer)) {
      this.#count(relay, CounterAt.packetsToPeer, CounterAt.bytesToPeer, data.length);
    } else this.drop(relay, Drop.SendQueueFull);
  }

  /** The straight path: `from` and `relay` are both ours, so the data goes to the other client without the two relay sockets. */
  #fromOwnRelay(relay: Relay, from: Relay, data: Uint8Array, offset: number, length: number): void {
    const { address, port } = from.relayed;
    if (!this.#toClient(relay, address, port, data, offset, length)) {
      const start = data.byteOffset + offset;
      this.#sink.onPeerData(relay.handle, from.relayed, Buffer.from(data.buffer as ArrayBuffer, start, length));
    }
  }

  /** Data of a relay that another plane of this server serves, which is the peer. */
  receiveFromOwn(handle: RelayHandle, peer: TransportAddress, data: Buffer): void {
    const relay = this.relayOf(handle);
    if (relay && !this.#toClient(relay, peer.address, peer.port, data, 0, data.length)) {
      this.#sink.onPeerData(handle, peer, data);
    }
  }

  /** Packet path, peer to client: two lookups, no allocation of ours. */
  #onDatagram(relay: Relay, data: Buffer, { address, port }: RemoteInfo): void {
    relay.hasHeard = true;
    if (!this.#toClient(relay, address, port, data, 0, data.length)) {
      const peer = addressFromKernel(address, port);
      if (peer !== undefined) this.#sink.onPeerData(relay.handle, peer, data);
    }
    const givenUp = this.#backlog?.giveUpBehind(relay) ?? 0;
    this.#dropMany(relay, Drop.Late, givenUp);
    this.#ports.turns.spend();
  }

  /** False when the data is permitted and has no channel, and the engine is to have it now. */
  #toClient(relay: Relay, address: string, port: number, data: Uint8Array, offset: number, length: number): boolean {
    const { leg } = relay;
    if (leg === undefined) return this.drop(relay, Drop.ReservedRelay);
    const host = relay.hosts.get(address);
    if (host === undefined) return this.drop(relay, Drop.NoPermission);
    const nowMs = this.#clock.nowMs();
    if (nowMs >= relay.expiresAtMs || nowMs >= host.permittedUntilMs) return this.drop(relay, Drop.Expired);
    if (relay.bandwidth !== undefined && this.#isTooMuch(relay, relay.bandwidth, 'to-client', length)) return true;
    return this.passToClient(relay, leg, host, port, nowMs, data, offset, length);
  }

  /** A datagram of the peer at `host` and `port` to the client, which nothing forbids any more. False when the engine is to have it. */
  protected passToClient(
    relay: Relay,
    leg: ClientLeg,
    host: PeerHost,
    port: number,
    nowMs: number,
    data: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    const channel = host.channels.get(port);
    let isTaken: boolean;
    if (channel !== undefined && nowMs < channel.expiresAtMs) {
      isTaken = leg.link.sendChannelData(channel.channel, data, offset, length);
    } else if (this.#indications.isOpen(host, port)) {
      isTaken = leg.link.sendDataIndication(this.#indications.sourceOf(host, port), data, offset, length);
    } else {
      this.#count(relay, CounterAt.packetsToClient, CounterAt.bytesToClient, length);
      return false;
    }
    if (isTaken) this.#count(relay, CounterAt.packetsToClient, CounterAt.bytesToClient, length);
    else this.countDropped(relay);
    return true;
  }

  #bind(family: AddressFamily, port: number, protocol: RelayProtocol): RelayOpening {
    const { socketBufferBytes } = this.#options;
    const { kernel, batch } = this.#ports;
    const bound = bindRelaySocket(this.#directory.ofFamily(family), port, (own) => {
      if (protocol === 'tcp' && this.tcp) return this.tcp.open(own, port);
      // What comes to an idle one has to be taken out of it.
      const wish = { family, address: own.address, port, socketBufferBytes, mayBeIdle: batch !== undefined };
      return openRelaySocket(wish, kernel);
    });
    return bound.ok ? ok(this.#register(bound.value.own, bound.value.socket).handle) : bound;
  }

  #register(own: OwnAddress, socket: RelaySocket): Relay {
    const { family, advertised } = own;
    const relayed = { family, address: advertised, port: socket.port };
    const siblings = socket instanceof TcpRelaySocket ? own.tcpRelays : own.relays;
    const relay = new Relay(this.#counters.take(), relayed, socket, siblings);
    siblings.set(relayed.port, relay);
    this.#bySlot[relay.slot] = relay;
    if (socket instanceof TcpRelaySocket) this.tcp?.serve(relay, socket);
    if (!socket.isIdle) this.#listen(relay);
    return relay;
  }

  #listen(relay: Relay): void {
    relay.socket.listen({
      datagram: (data, from) => {
        this.#onDatagram(relay, data, from);
      },
      peerError: (error) => {
        this.#sink.onPeerError(relay.handle, error);
      },
      failed: (error) => {
        this.#ports.logger.debug({ relayed: relay.relayed, err: error }, 'relay socket reported an error');
      },
    });
  }

  #count(relay: Relay, packetsAt: number, bytesAt: number, bytes: number): void {
    this.#add(relay, packetsAt, 1);
    this.#add(relay, bytesAt, bytes);
  }

  /** Counts a drop. Always returns true, for callers that return whether a datagram was handled. */
  protected drop(relay: Relay, reason: DropIndex): true {
    this.#drops.add(reason);
    this.countDropped(relay);
    return true;
  }

  protected countDropped(relay: Relay): void {
    this.#add(relay, CounterAt.dropped, 1);
  }

  #add(relay: Relay, counterAt: number, amount: number): void {
    const { values } = this.#counters;
    const at = relay.slot * COUNTERS_PER_RELAY + counterAt;
    values[at] = (values[at] ?? 0) + amount;
  }
}
