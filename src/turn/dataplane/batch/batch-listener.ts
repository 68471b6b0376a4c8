import { formatTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { CHANNEL_DATA_HEADER_BYTES, writeChannelDataHeader } from '../../../stun/channel-data.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { readSockaddr, SOCKADDR_WORDS, writeSockaddr, zoneAt } from '../../kernel/sockaddr.ts';

/** What a listener asks of the plane that serves it. */
export interface ListenerHost {
  /** Takes up a listener; the number for `ClientPath.socket`. */
  takeUp(listener: BatchListener): number;
  sendFromListener(listener: number, address: Uint32Array, data: Uint8Array): void;
  receive(client: ClientPath, bytes: Buffer): void;
  closeListener(listener: BatchListener): void;
}

/** TURN over UDP on one local address, served by the shards: each has a socket of its own there. */
export class BatchListener {
  readonly transport = 'udp';
  readonly connectionCount = 0;
  readonly local: TransportAddress;
  readonly number: number;
  /** Its number in `ClientPath.socket`. */
  readonly socket: number;
  readonly #host: ListenerHost;
  readonly #zone: number;
  readonly #keyPrefix: string;
  readonly #address = new Uint32Array(SOCKADDR_WORDS);

  constructor(local: TransportAddress, zone: number, number: number, host: ListenerHost) {
    this.local = local;
    this.number = number;
    this.#host = host;
    this.#zone = zone;
    this.#keyPrefix = `udp ${formatTransportAddress(local)}`;
    this.socket = host.takeUp(this);
  }

  send(data: Uint8Array, address: string, port: number): void {
    const [plain = ''] = address.split('%');
    this.#send({ family: this.local.family, address: plain, port }, data);
  }

  sendTo({ remote }: ClientPath, data: Uint8Array): void {
    this.#send(remote, data);
  }

  /** Sends data of a relay that another plane serves. */
  sendChannelData({ remote }: ClientPath, channel: number, data: Uint8Array, offset: number, length: number): void {
    const frame = Buffer.allocUnsafe(CHANNEL_DATA_HEADER_BYTES + length);
    writeChannelDataHeader(frame, 0, channel, length);
    frame.set(data.subarray(offset, offset + length), CHANNEL_DATA_HEADER_BYTES);
    this.#send(remote, frame);
  }

  /** A datagram that came before there was a socket for its destination. */
  receive(bytes: Buffer, { address, port }: { readonly address: string; readonly port: number }): void {
    const remote = { family: this.local.family, address, port };
    this.#host.receive(this.#clientAt(remote, address), bytes);
  }

  /** The client at an address of the kernel. */
  clientAt(words: Uint32Array, at: number): ClientPath | undefined {
    const remote = readSockaddr(words, at);
    if (!remote) return undefined;
    const zone = zoneAt(words, at);
    return this.#clientAt(remote, zone === 0 ? remote.address : `${remote.address}%${zone}`);
  }

  /** The address of a client as the kernel has it; good until the next call. */
  addressOf({ remote }: ClientPath): Uint32Array {
    writeSockaddr(this.#address, 0, remote, this.#zone);
    return this.#address;
  }

  close(): Promise<void> {
    this.#host.closeListener(this);
    return Promise.resolve();
  }

  #send(to: TransportAddress, data: Uint8Array): void {
    writeSockaddr(this.#address, 0, to, this.#zone);
    this.#host.sendFromListener(this.number, this.#address, data);
  }

  #clientAt(remote: TransportAddress, from: string): ClientPath {
    const key = `${this.#keyPrefix} ${from} ${remote.port}`;
    return { transport: 'udp', remote, local: this.local, key, socket: this.socket, from };
  }
}
