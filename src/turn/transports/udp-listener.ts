import { type RemoteInfo } from 'node:dgram';
import { formatTransportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { CHANNEL_DATA_HEADER_BYTES, isChannelData, isStun, writeChannelDataHeader } from '../../stun/channel-data.ts';
import {
  DATA_TAILROOM_BYTES,
  dataHeaderBytes,
  writeDataIndication,
  type DataSource,
} from '../../stun/indications-in-place.ts';
import { type ClientPath } from '../contract/client-path.ts';
import { type ClientSocket } from '../dataplane/node/client-sockets.ts';
import { type ClientLeg, type ClientLink } from '../dataplane/node/relay-state.ts';
import { Drop, type DropIndex } from '../dataplane/shared/drop-counters.ts';
import { addressFromKernel } from '../kernel/address.ts';
import { DatagramDrain } from '../dataplane/node/datagram-drain.ts';
import { type ReceiveBatch } from '../kernel/receive-batch.ts';
import { type KernelUdp } from '../kernel/udp.ts';
import { openListenerSocket, type ListenerSocket } from '../dataplane/node/listener-socket.ts';
import { MAX_UDP_PAYLOAD } from '../dataplane/shared/udp-payload.ts';
import { ClientTable } from './client-table.ts';
import { turnListenError } from './listen-error.ts';
import { type DatagramListener, type DatagramListenOptions, type ListenerPorts } from './listener.ts';

export interface UdpListenerOptions extends DatagramListenOptions {
  /** `node:dgram` sends when absent. */
  readonly kernel?: KernelUdp | undefined;
  /** Takes many datagrams at a time, with `kernel`; the event loop alone brings them when absent. */
  readonly batch?: ReceiveBatch | undefined;
}

interface WaitingMessage {
  readonly data: Uint8Array;
  readonly address: string;
  readonly port: number;
}

/** Beyond these, messages leave at once: nothing piles up, however many datagrams one turn of the event loop reads. */
const MAX_WAITING = 64;

/** TURN over UDP on one local address; never a wildcard one, where the kernel would pick the source of each answer by its route. */
export class UdpListener implements DatagramListener, ClientSocket {
  readonly transport = 'udp';
  readonly connectionCount = 0;
  readonly local: TransportAddress;
  readonly #socket: ListenerSocket;
  readonly #ports: ListenerPorts;
  readonly #number: number;
  readonly #keyPrefix: string;
  readonly #leaveTurns: (() => void) | undefined;
  readonly #clients = new ClientTable();
  readonly #maxPayload: number;
  /** ChannelData on its way out. Free whenever the socket's queue is empty, and `send` takes nothing while it is not. */
  readonly #outgoing: Buffer;
  #waiting: WaitingMessage[] = [];
  #closed = false;

  /** Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  constructor(local: TransportAddress, options: UdpListenerOptions, ports: ListenerPorts) {
    this.#ports = ports;
    const { socketBufferBytes, kernel, batch, isShared, zone } = options;
    const address = zone === undefined ? local.address : `${local.address}%${zone}`;
    try {
      this.#socket = openListenerSocket({ ...local, address, socketBufferBytes, isShared }, kernel);
    } catch (error) {
      throw turnListenError('udp', local, error);
    }
    const { socket } = this.#socket;
    this.local = { ...local, port: socket.address().port };
    this.#number = ports.clients.add(this);
    this.#keyPrefix = `udp ${formatTransportAddress(this.local)}`;
    this.#maxPayload = MAX_UDP_PAYLOAD[local.family];
    this.#outgoing = Buffer.allocUnsafeSlow(this.#maxPayload);
    const { fd } = this.#socket;
    const drain = batch && fd !== undefined ? this.#drainOf(batch, fd) : undefined;
    this.#leaveTurns = drain && ports.turns.add(() => drain.take());
    socket.on('message', (bytes, { address: from, port }) => {
      this.#receive(bytes, from, port);
      drain?.takeBehind();
    });
    socket.on('error', (error) => {
      ports.logger.warn({ listener: formatTransportAddress(this.local), err: error }, 'UDP listener reported an error');
    });
  }

  sendTo({ from, remote }: ClientPath, data: Uint8Array): void {
    this.send(data, from, remote.port);
  }

  linkTo(client: ClientPath): ClientLink {
    return new UdpClientLink(this, client);
  }

  leg(address: string, port: number): ClientLeg | undefined {
    return this.#clients.get(address, port);
  }

  setLeg(address: string, port: number, leg: ClientLeg | undefined): void {
    if (leg) this.#clients.set(address, port, leg);
    else this.#clients.delete(address, port);
  }

  /**
   * A message, which leaves once all datagrams that have come are read. Each answer that leaves earlier wakes its client, which on a busy machine takes the
   * processor from the reading of the others. The caller leaves `data` alone from now on.
   */
  send(data: Uint8Array, address: string, port: number): void {
    if (this.#closed) return;
    if (data.length > this.#maxPayload) {
      this.#drop(Drop.TooLarge);
      return;
    }
    const waiting = this.#waiting.push({ data, address, port });
    if (waiting === 1) setImmediate(this.#flush);
    else if (waiting > MAX_WAITING) this.#flush();
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const { data, address, port } of waiting) {
      if (!this.#socket.send(data, 0, data.length, port, address)) this.#drop(Drop.SendQueueFull);
    }
  };

  /** Packet path: copies the payload behind a header. One copy and one send measured cheaper than a gather send of two pieces. */
  sendChannelData(
    channel: number,
    data: Uint8Array,
    offset: number,
    length: number,
    address: string,
    port: number,
  ): boolean {
    const bytes = CHANNEL_DATA_HEADER_BYTES + length;
    if (bytes > this.#maxPayload) return this.#drop(Drop.TooLarge);
    if (this.#closed || this.#socket.socket.getSendQueueCount() > 0) return this.#drop(Drop.SendQueueFull);
    const outgoing = this.#outgoing;
    writeChannelDataHeader(outgoing, 0, channel, length);
    copyInto(outgoing, CHANNEL_DATA_HEADER_BYTES, data, offset, length);
    return this.#socket.send(outgoing, 0, bytes, port, address) || this.#drop(Drop.SendQueueFull);
  }

  /** Packet path: like `sendChannelData`, as a Data indication. */
  sendDataIndication(
    source: DataSource,
    data: Uint8Array,
    offset: number,
    length: number,
    address: string,
    port: number,
  ): boolean {
    const headerBytes = dataHeaderBytes(source.family);
    if (headerBytes + length + DATA_TAILROOM_BYTES > this.#maxPayload) return this.#drop(Drop.TooLarge);
    if (this.#closed || this.#socket.socket.getSendQueueCount() > 0) return this.#drop(Drop.SendQueueFull);
    const outgoing = this.#outgoing;
    copyInto(outgoing, headerBytes, data, offset, length);
    const bytes = writeDataIndication(outgoing, headerBytes, length, source);
    return this.#socket.send(outgoing, 0, bytes, port, address) || this.#drop(Drop.SendQueueFull);
  }

  close(): Promise<void> {
    this.#flush();
    this.#leaveTurns?.();
    this.#ports.clients.remove(this.#number);
    this.#closed = true;
    return new Promise((resolve) => {
      this.#socket.socket.close(resolve);
    });
  }

  /** A datagram that another socket took for this one. */
  receive(bytes: Buffer, { address, port }: Pick<RemoteInfo, 'address' | 'port'>): void {
    this.#receive(bytes, address, port);
  }

  #drainOf(batch: ReceiveBatch, fd: number): DatagramDrain {
    return new DatagramDrain(batch, fd, (bytes, address, port) => {
      // A turn may close the listener that is served just now.
      if (this.#closed) return;
      this.#receive(bytes, address, port, true);
    });
  }

  /** Packet path: one lookup for data; a path object is made for control messages only. */
  #receive(bytes: Buffer, address: string, port: number, isUsedAgain = false): void {
    const firstByte = bytes[0] ?? 0xff;
    const isChannel = isChannelData(firstByte);
    if (!isChannel && !isStun(firstByte)) {
      this.#drop(Drop.UnknownFirstByte);
      return;
    }
    const leg = this.#clients.get(address, port);
    const { clientData, sink } = this.#ports;
    if (leg !== undefined && (isChannel ? clientData.forward(leg, bytes) : clientData.forwardSend(leg, bytes))) return;
    const client = leg?.link.client ?? this.#clientAt(address, port);
    // A request may have to wait for its credentials, and the batch is used again.
    if (client) sink.onClientMessage(client, isUsedAgain ? Buffer.from(bytes) : bytes);
    else this.#drop(Drop.BadPeerAddress);
  }

  #clientAt(from: string, port: number): ClientPath | undefined {
    const remote = addressFromKernel(from, port);
    if (!remote) return undefined;
    const key = `${this.#keyPrefix} ${from} ${port}`;
    return { transport: 'udp', remote, local: this.local, key, socket: this.#number, from };
  }

  #drop(reason: DropIndex): false {
    this.#ports.drops.add(reason);
    return false;
  }
}

/** `Uint8Array.set` wants a view of the source, which would be an allocation for each packet; `Buffer.copy` takes offsets. */
function copyInto(target: Buffer, at: number, source: Uint8Array, offset: number, length: number): void {
  if (Buffer.isBuffer(source)) source.copy(target, at, offset, offset + length);
  else target.set(source.subarray(offset, offset + length), at);
}

class UdpClientLink implements ClientLink {
  readonly client: ClientPath;
  readonly #listener: UdpListener;
  readonly #from: string;
  readonly #port: number;

  constructor(listener: UdpListener, client: ClientPath) {
    this.client = client;
    this.#listener = listener;
    this.#from = client.from;
    this.#port = client.remote.port;
  }

  get leg(): ClientLeg | undefined {
    return this.#listener.leg(this.#from, this.#port);
  }

  set leg(leg: ClientLeg | undefined) {
    this.#listener.setLeg(this.#from, this.#port, leg);
  }

  sendChannelData(channel: number, data: Uint8Array, offset: number, length: number): boolean {
    return this.#listener.sendChannelData(channel, data, offset, length, this.#from, this.#port);
  }

  sendDataIndication(source: DataSource, data: Uint8Array, offset: number, length: number): boolean {
    return this.#listener.sendDataIndication(source, data, offset, length, this.#from, this.#port);
  }
}
