import { createSocket, type Socket } from 'node:dgram';
import { type TransportAddress } from '../../../../src/base/transport-address.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { type ClientPath } from '../../../../src/turn/contract/client-path.ts';
import { ClientTurns } from '../../../../src/turn/dataplane/node/client-turns.ts';
import { ClientSockets, type ClientSocket } from '../../../../src/turn/dataplane/node/client-sockets.ts';
import { type ClientLeg, type ClientLink } from '../../../../src/turn/dataplane/node/relay-state.ts';
import { DropCounters } from '../../../../src/turn/dataplane/shared/drop-counters.ts';
import { type KernelUdp } from '../../../../src/turn/kernel/udp.ts';
import {
  type NodeDataPlaneOptions,
  type NodeDataPlanePorts,
} from '../../../../src/turn/dataplane/node/node-data-plane-options.ts';
import { NodeDataPlane } from '../../../../src/turn/dataplane/node/node-data-plane.ts';
import { dataIndication, type DataSource } from '../../../../src/stun/indications-in-place.ts';
import { type RelayAddress } from '../../../../src/turn/dataplane/shared/relay-address.ts';
import { type DataPlaneSink, type PeerError } from '../../../../src/turn/contract/data-plane-sink.ts';
import { type RelayHandle } from '../../../../src/turn/contract/relay-handle.ts';

const clients = new ClientSockets();

/** A client transport that keeps what it is given. */
export class FakeClient implements ClientPath, ClientLink, ClientSocket {
  readonly transport = 'udp';
  readonly remote: TransportAddress = { family: 4, address: '192.0.2.1', port: 5000 };
  readonly local: TransportAddress = { family: 4, address: '192.0.2.2', port: 3478 };
  readonly key: string;
  readonly socket = clients.add(this);
  readonly from = '192.0.2.1';
  readonly client = this;
  readonly received: { channel: number; data: string }[] = [];
  readonly messages: Buffer[] = [];
  leg: ClientLeg | undefined;
  /** What the transport says to the next datagrams. */
  takes = true;

  constructor(key = 'client') {
    this.key = key;
  }

  linkTo(): ClientLink {
    return this;
  }

  sendTo(_client: ClientPath, data: Uint8Array): void {
    this.messages.push(Buffer.from(data));
  }

  sendChannelData(channel: number, data: Uint8Array, offset: number, length: number): boolean {
    if (this.takes) {
      this.received.push({ channel, data: Buffer.from(data.subarray(offset, offset + length)).toString() });
    }
    return this.takes;
  }

  sendDataIndication(source: DataSource, data: Uint8Array, offset: number, length: number): boolean {
    if (this.takes) this.messages.push(dataIndication(source, data, offset, length));
    return this.takes;
  }
}

export interface Harness<Plane extends NodeDataPlane = NodeDataPlane> {
  readonly plane: Plane;
  readonly drops: DropCounters;
  readonly peerData: { relay: RelayHandle; peer: TransportAddress; data: string }[];
  readonly peerErrors: PeerError[];
  /** Relays that the plane has told to be closed. */
  readonly closed: RelayHandle[];
  readonly turns: ClientTurns;
  nowMs: number;
}

const LOOPBACK: readonly RelayAddress[] = [
  { family: 4, address: '127.0.0.1', advertised: '127.0.0.1' },
  { family: 6, address: '::1', advertised: '::1' },
];

/** A plane on a clock the test moves, with a sink that keeps what it hears. */
export function harness(
  addresses: readonly RelayAddress[] = LOOPBACK,
  kernel?: KernelUdp,
  socketBufferBytes = 0,
): Harness {
  return harnessOf((options, ports) => new NodeDataPlane(options, ports), addresses, kernel, socketBufferBytes);
}

/** The same for a plane of another class. */
export function harnessOf<Plane extends NodeDataPlane>(
  create: (options: NodeDataPlaneOptions, ports: NodeDataPlanePorts) => Plane,
  addresses: readonly RelayAddress[] = LOOPBACK,
  kernel?: KernelUdp,
  socketBufferBytes = 0,
): Harness<Plane> {
  const peerData: Harness['peerData'] = [];
  const peerErrors: PeerError[] = [];
  const closed: RelayHandle[] = [];
  const turns = new ClientTurns();
  const sink: DataPlaneSink = {
    onClientMessage: () => undefined,
    onClientClosed: () => undefined,
    onRelayClosed: (relay) => closed.push(relay),
    onPeerConnected: () => undefined,
    onPeerAccepted: () => undefined,
    onPeerConnectionEnded: () => undefined,
    onPeerError: (_relay, error) => peerErrors.push(error),
    onPeerData: (relay, peer, data) => peerData.push({ relay, peer, data: data.toString() }),
  };
  const drops = new DropCounters();
  const plane = create(
    { addresses, socketBufferBytes, clockResolutionMs: 0 },
    { sink, clients, turns, drops, logger: silentLogger, kernel, nowMs: () => harnessed.nowMs },
  );
  const harnessed: Harness<Plane> = { plane, drops, peerData, peerErrors, closed, turns, nowMs: 0 };
  return harnessed;
}

export interface Peer {
  readonly address: TransportAddress;
  readonly received: { data: string; from: number }[];
  readonly socket: Socket;
  send(data: string, to: TransportAddress): void;
}

/** A UDP peer on loopback. */
export async function openPeer(family: 4 | 6 = 4): Promise<Peer> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  const host = family === 4 ? '127.0.0.1' : '::1';
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  const received: Peer['received'] = [];
  socket.on('message', (data, { port }) => received.push({ data: data.toString(), from: port }));
  return {
    address: { family, address: host, port: socket.address().port },
    received,
    socket,
    send: (data, to) => {
      socket.send(data, to.port, to.address);
    },
  };
}

export function channelData(channel: number, payload: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(channel, 0);
  header.writeUInt16BE(Buffer.byteLength(payload), 2);
  return Buffer.concat([header, Buffer.from(payload)]);
}
