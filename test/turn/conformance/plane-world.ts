import { type AddressFamily } from '../../../src/base/ip.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { type DataPlane } from '../../../src/turn/contract/data-plane.ts';
import { type DataPlaneSink } from '../../../src/turn/contract/data-plane-sink.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';

/** A data plane with clients and peers around it. All that it is told and tells crosses as copies (`plainCrossing`). */
export interface PlaneWorld {
  readonly plane: DataPlane;
  readonly heard: HeardEvents;
  /** Monotonic milliseconds of the plane's clock. */
  nowMs(): number;
  /** A client on a 5-tuple of its own. */
  client(): Promise<WorldClient>;
  /** A peer of IPv4 on a transport address of its own. */
  peer(): Promise<WorldPeer>;
  close(): Promise<void>;
}

/** Opens a world whose plane tells its events to `sink`. */
export type OpenPlaneWorld = (heard: HeardEvents, sink: DataPlaneSink) => Promise<PlaneWorld>;

export interface WorldClient {
  readonly path: ClientPath;
  /** What it was sent, whole datagrams. */
  readonly received: Buffer[];
  send(bytes: Buffer): void;
}

export interface WorldPeer {
  readonly address: TransportAddress;
  readonly received: { readonly data: string; readonly from: TransportAddress }[];
  send(data: string, to: TransportAddress): void;
}

export interface HeardEvents {
  readonly messages: { readonly client: ClientPath; readonly bytes: Buffer }[];
  readonly peerData: { readonly relay: RelayHandle; readonly peer: TransportAddress; readonly data: string }[];
  readonly closed: RelayHandle[];
}

export function hearingSink(): { readonly heard: HeardEvents; readonly sink: DataPlaneSink } {
  const heard: HeardEvents = { messages: [], peerData: [], closed: [] };
  const sink: DataPlaneSink = {
    onClientMessage: (client, bytes) => heard.messages.push({ client, bytes: Buffer.from(bytes) }),
    onPeerData: (relay, peer, data) => heard.peerData.push({ relay, peer, data: data.toString() }),
    onPeerError: () => undefined,
    onRelayClosed: (relay) => heard.closed.push(relay),
    onClientClosed: () => undefined,
    onPeerConnected: () => undefined,
    onPeerAccepted: () => undefined,
    onPeerConnectionEnded: () => undefined,
  };
  return { heard, sink };
}

/** Where the planes under test relay from. */
export const RELAYED: Readonly<Record<AddressFamily, string>> = { 4: '127.0.0.1', 6: '::1' };

/** One ChannelData message. */
export function channelData(channel: number, payload: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(channel, 0);
  header.writeUInt16BE(Buffer.byteLength(payload), 2);
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** A STUN message: a Binding request with a transaction of its own. */
export function stunMessage(fill: number): Buffer {
  const message = Buffer.alloc(20, fill);
  message.writeUInt16BE(0x0001, 0);
  message.writeUInt16BE(0, 2);
  message.writeUInt32BE(0x2112a442, 4);
  return message;
}
