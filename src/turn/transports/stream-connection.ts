import { type Socket } from 'node:net';
import { formatTransportAddress, type TransportAddress } from '../../base/transport-address.ts';
import {
  CHANNEL_DATA_HEADER_BYTES,
  isChannelData,
  paddedLength,
  writeChannelDataHeader,
} from '../../stun/channel-data.ts';
import { dataIndication, type DataSource } from '../../stun/indications-in-place.ts';
import { isIndication } from '../../stun/message-type.ts';
import { type ClientPath } from '../contract/client-path.ts';
import { type ClientSocket } from '../dataplane/node/client-sockets.ts';
import { type ClientLeg, type ClientLink } from '../dataplane/node/relay-state.ts';
import { Drop } from '../dataplane/shared/drop-counters.ts';
import { type ListenerPorts } from './listener.ts';
import { StreamReader } from './stream-reader.ts';

export interface StreamConnectionOptions {
  /** The largest STUN or ChannelData message accepted; what is larger is dropped. */
  readonly frameBytes: number;
  /** Bytes that may wait for a client that does not read; what comes then is dropped. */
  readonly bufferedBytes: number;
  /** How long a client may read nothing of what waits before the connection is given up. */
  readonly stuckSec: number;
  /** How long a connection may be without an allocation, from its beginning or from the end of its last one. */
  readonly idleUnauthenticatedSec: number;
}

/** What may wait for a client without an allocation: a few dozen answers. It has shown nothing that would make it worth more. */
const STRANGER_BUFFERED_BYTES = 16_384;

export type ConnectionEnd = 'idle' | 'stuck';

/** One TCP or TLS client: a 5-tuple for as long as the connection lives. */
export class StreamConnection implements ClientLink, ClientSocket {
  readonly client: ClientPath;
  readonly #socket: Socket;
  readonly #options: StreamConnectionOptions;
  readonly #ports: ListenerPorts;
  readonly #reader: StreamReader;
  readonly #setSpare: (isSpare: boolean) => void;
  #leg: ClientLeg | undefined;
  #idleSinceMs: number;
  /** Since when what waits is over the bound, or the farewell has not gone out. */
  #stuckSinceMs: number | undefined;
  /** Requests that were. */
  #authenticated = 0;
  #closing = false;
  #handedOver = false;

  constructor(
    socket: Socket,
    ends: {
      transport: 'tcp' | 'tls';
      remote: TransportAddress;
      local: TransportAddress;
      /** The proxy that speaks for the client: through two of them, two clients may seem to be one. */
      via: TransportAddress | undefined;
    },
    options: StreamConnectionOptions,
    ports: ListenerPorts,
    /** Told when the connection is worth its place, and when it may be ended for another's sake again. */
    setSpare: (isSpare: boolean) => void,
  ) {
    const { transport, remote, local } = ends;
    const via = ends.via ? ` via ${formatTransportAddress(ends.via)}` : '';
    const key = `${transport} ${formatTransportAddress(local)} ${formatTransportAddress(remote)}${via}`;
    this.client = { transport, remote, local, key, socket: ports.clients.add(this), from: remote.address };
    this.#socket = socket;
    this.#options = options;
    this.#ports = ports;
    this.#setSpare = setSpare;
    this.#idleSinceMs = ports.nowMs();
    // One TLS record for each message, as coturn has it: clients exist, coturn's own among them, that read a record and see only the first
    // message in it. A stream without `_writev` does not join its waiting writes.
    if (ends.transport === 'tls') Object.assign(socket, { _writev: null });
    socket.on('drain', this.#onDrain);
    const reading = { maxFrameBytes: options.frameBytes, address: ends.remote.address };
    const owner = {
      isKnown: () => this.#leg !== undefined,
      serve: (frame: Buffer) => this.#serve(frame),
      onOversized: () => {
        ports.drops.add(Drop.TooLarge);
      },
      onUnreadable: () => {
        this.#onUnreadable();
      },
      onEnd: () => {
        this.close();
      },
    };
    this.#reader = new StreamReader(socket, owner, reading, ports.shares);
  }

  get leg(): ClientLeg | undefined {
    return this.#leg;
  }

  set leg(leg: ClientLeg | undefined) {
    this.#leg = leg;
    if (!leg) this.#idleSinceMs = this.#ports.nowMs();
    if (!this.#closing) this.#setSpare(!leg);
  }

  noteAuthenticated(): void {
    this.#authenticated++;
  }

  linkTo(): ClientLink {
    return this;
  }

  sendTo(_client: ClientPath, data: Uint8Array): void {
    if (this.#takesMore()) this.#socket.write(data);
  }

  sendChannelData(channel: number, data: Uint8Array, offset: number, length: number): boolean {
    if (!this.#takesMore()) return false;
    const bytes = CHANNEL_DATA_HEADER_BYTES + length;
    const frame = Buffer.allocUnsafe(paddedLength(bytes));
    writeChannelDataHeader(frame, 0, channel, length);
    frame.set(new Uint8Array(data.buffer, data.byteOffset + offset, length), CHANNEL_DATA_HEADER_BYTES);
    frame.fill(0, bytes);
    this.#socket.write(frame);
    return true;
  }

  sendDataIndication(source: DataSource, data: Uint8Array, offset: number, length: number): boolean {
    if (!this.#takesMore()) return false;
    const message = dataIndication(source, data, offset, length);
    this.#socket.write(message);
    return true;
  }

  hold(): void {
    this.#reader.hold();
  }

  release(): void {
    this.#reader.release();
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#stuckSinceMs = this.#ports.nowMs();
    if (!this.#handedOver) this.#reader.stop();
    this.#socket.end();
  }

  /** What was read and not yet looked at comes first out of it. */
  handOver(): Socket {
    this.#handedOver = true;
    this.#setSpare(false);
    this.#socket.off('drain', this.#onDrain);
    return this.#reader.handOver();
  }

  /** Why the connection is to be given up now, if it is. */
  overdue(nowMs: number): ConnectionEnd | undefined {
    if (this.#handedOver) return undefined;
    const { idleUnauthenticatedSec, stuckSec } = this.#options;
    if (this.#stuckSinceMs !== undefined && nowMs - this.#stuckSinceMs >= stuckSec * 1000) return 'stuck';
    return !this.#leg && nowMs - this.#idleSinceMs >= idleUnauthenticatedSec * 1000 ? 'idle' : undefined;
  }

  destroy(): void {
    this.#ports.clients.remove(this.client.socket);
    this.#closing = true;
    if (!this.#handedOver) this.#reader.stop();
    this.#socket.destroy();
  }

  readonly #onDrain = (): void => {
    if (!this.#closing) this.#stuckSinceMs = undefined;
  };

  #onUnreadable(): void {
    this.#ports.drops.add(Drop.Malformed);
    this.#ports.logger.debug({ client: this.client.key }, 'connection closed: the stream is not TURN');
    this.destroy();
  }

  /** Data of a client with an allocation needs no proof: its permissions and its bandwidth bound what it can do. */
  #serve(frame: Buffer): boolean {
    const isData = isChannelData(frame[0] ?? 0);
    if (this.#leg !== undefined) {
      const { clientData } = this.#ports;
      if (isData ? clientData.forward(this.#leg, frame) : clientData.forwardSend(this.#leg, frame)) return true;
    }
    const before = this.#authenticated;
    this.#ports.sink.onClientMessage(this.client, frame);
    return this.#authenticated > before || (this.#leg !== undefined && (isData || isIndication(frame)));
  }

  #takesMore(): boolean {
    if (this.#closing || this.#handedOver || this.#socket.destroyed) return false;
    const { bufferedBytes } = this.#options;
    const boundBytes = this.#leg ? bufferedBytes : Math.min(bufferedBytes, STRANGER_BUFFERED_BYTES);
    if (this.#socket.writableLength < boundBytes) return true;
    this.#stuckSinceMs ??= this.#ports.nowMs();
    this.#ports.drops.add(Drop.ClientNotReading);
    return false;
  }
}
