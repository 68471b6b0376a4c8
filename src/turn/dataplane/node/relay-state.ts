import { type Socket } from 'node:net';
import { parseIp } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type DataSource } from '../../../stun/indications-in-place.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type ChannelEntry } from '../../contract/data-plane.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type RelayBuckets } from '../shared/bandwidths.ts';
import { type RelaySocket } from './relay-socket.ts';

/*
 * What the plane holds of clients, relayed transport addresses, permissions and channels: one web of references, so that a packet is one lookup.
 */

/** The way to a client that has an allocation, which its transport keeps: the plane's state for the 5-tuple, and a fast way out. */
export interface ClientLink {
  readonly client: ClientPath;
  /** Kept by the transport under the 5-tuple, so that a ChannelData message finds it with one lookup. Absent without an allocation. */
  leg: ClientLeg | undefined;
  /** Gives up the connection under it, once what was sent is sent, to a new owner; paused. Absent where there is none. */
  handOver?(): Socket;
  /**
   * Hands `data[offset, offset + length)` to the client as ChannelData; `data` is the caller's again on return. False when it was
   * dropped, which the transport has counted. Allocates nothing over UDP.
   */
  sendChannelData(channel: number, data: Uint8Array, offset: number, length: number): boolean;
  /** Like `sendChannelData`, as a Data indication; `source` is the caller's again on return. */
  sendDataIndication(source: DataSource, data: Uint8Array, offset: number, length: number): boolean;
}

/** The plane's side of one 5-tuple. An allocation with ADDITIONAL-ADDRESS-FAMILY has two relays, and one set of channel numbers. */
export class ClientLeg {
  /** The way to the client. It changes when the client moves (RFC 8016). */
  link: ClientLink;
  readonly channels = new Map<number, Channel>();
  /** Where Send indications leave, by the family of the peer. */
  readonly relays: { 4: Relay | undefined; 6: Relay | undefined } = { 4: undefined, 6: undefined };
  relayCount = 0;

  constructor(link: ClientLink) {
    this.link = link;
  }

  /** Binds a channel to a peer, or refreshes it. */
  bind(relay: Relay, { channel, peer, expiresAtMs }: ChannelEntry, ownRelays: Channel['ownRelays']): void {
    const existing = this.channels.get(channel);
    if (existing?.relay === relay && existing.address === peer.address && existing.port === peer.port) {
      existing.expiresAtMs = expiresAtMs;
      return;
    }
    if (existing) this.unbind(existing.relay, channel);
    const { address, port } = peer;
    const host = relay.host(address);
    const former = host.channels.get(port);
    if (former) this.channels.delete(former.channel);
    const entry = { channel, relay, host, address, port, ownRelays, expiresAtMs };
    host.channels.set(port, entry);
    this.channels.set(channel, entry);
  }

  unbind(relay: Relay, channel: number): void {
    const entry = this.channels.get(channel);
    if (entry?.relay !== relay) return;
    this.channels.delete(channel);
    entry.host.channels.delete(entry.port);
    relay.forgetIfEmpty(entry.host);
  }

  moveTo(link: ClientLink): void {
    this.link.leg = undefined;
    this.link = link;
    link.leg = this;
  }
}

/** What a client transport calls for data of a 5-tuple that has an allocation. */
export interface ClientDataPath {
  /** `frame` is one ChannelData message. False when the 5-tuple has no such channel. Never throws; allocates nothing. */
  forward(leg: ClientLeg, frame: Uint8Array): boolean;
  /** `message` is STUN. False when it is no Send indication, or one for the engine to decide on. Never throws. */
  forwardSend(leg: ClientLeg, message: Buffer): boolean;
}

/** A channel with all that a packet needs to know, so that the packet path does one lookup. */
export interface Channel {
  readonly channel: number;
  readonly relay: Relay;
  readonly host: PeerHost;
  readonly address: string;
  readonly port: number;
  /** Set when the peer's address is one of our own advertised addresses: the relays there by port, for the straight path. */
  readonly ownRelays: ReadonlyMap<number, Relay> | undefined;
  expiresAtMs: number;
}

/** One peer IP address of a relay. */
export interface PeerHost {
  readonly address: string;
  /** The same as bytes. */
  readonly ip: Uint8Array;
  /** End of the permission in monotonic milliseconds; 0 when there is none. */
  permittedUntilMs: number;
  /** Whether each port but the guarded ones is a peer. */
  isOpen: boolean;
  /** Channels of this host, by peer port. */
  readonly channels: Map<number, Channel>;
}

/** One relayed transport address that this plane holds open. */
export class Relay {
  /** What the engine knows the relay by. */
  readonly handle: RelayHandle;
  readonly slot: number;
  readonly relayed: TransportAddress;
  readonly socket: RelaySocket;
  /** The relays on the same address by port, this one among them while it is open. */
  readonly siblings: Map<number, Relay>;
  /** Peer hosts by canonical IP text, the form in which the kernel's addresses arrive. */
  readonly hosts = new Map<string, PeerHost>();
  /** The client's side of the relay; absent while the address is only reserved. */
  leg: ClientLeg | undefined;
  expiresAtMs = 0;
  /** Bandwidth limits of the allocation; absent unless one is configured. */
  bandwidth: RelayBuckets | undefined = undefined;
  /** How many drops of the kernel for this socket are counted already. */
  kernelDrops = 0;
  /** Whether its socket has brought a datagram since the kernel was last asked for drops: where none came, none was dropped. */
  hasHeard = false;
  /** The turn of the event loop that last read its socket, and how many datagrams that were; see `RelayBacklog`. */
  readAtMs = -Infinity;
  readInTurn = 0;

  constructor(slot: number, relayed: TransportAddress, socket: RelaySocket, siblings: Map<number, Relay>) {
    this.handle = { slot, relayed };
    this.slot = slot;
    this.relayed = relayed;
    this.socket = socket;
    this.siblings = siblings;
  }

  host(address: string): PeerHost {
    let host = this.hosts.get(address);
    if (host === undefined) {
      host = peerHost(address);
      this.hosts.set(address, host);
    }
    return host;
  }

  /** How many datagrams the kernel has dropped at the socket since it was last asked, which is a system call. */
  takeKernelDrops(): number {
    const before = this.kernelDrops;
    this.kernelDrops = this.socket.kernelDrops();
    return this.kernelDrops - before;
  }

  forgetIfEmpty(host: PeerHost): void {
    if (host.permittedUntilMs === 0 && host.channels.size === 0) this.hosts.delete(host.address);
  }
}

/** An address without permission and channels. */
export function peerHost(address: string): PeerHost {
  return {
    address,
    ip: parseIp(address) ?? new Uint8Array(),
    permittedUntilMs: 0,
    isOpen: false,
    channels: new Map(),
  };
}
