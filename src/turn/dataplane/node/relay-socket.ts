import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type PeerError } from '../../contract/data-plane-sink.ts';
import { type ReceiveBatch } from '../../kernel/receive-batch.ts';
import { type KernelUdp } from '../../kernel/udp.ts';
import { SockaddrCache } from '../../kernel/sockaddr-cache.ts';
import { bindUdpSocket, sendNow, type UdpBindOptions } from './udp-socket.ts';

export interface RelaySocketHandlers {
  datagram(data: Buffer, from: RemoteInfo): void;
  /** An ICMP error tells of a datagram that did not arrive. */
  peerError(error: PeerError): void;
  /** A failure that concerns one datagram, never the relay. */
  failed(error: Error): void;
}

/** The socket of one relayed transport address. */
export interface RelaySocket {
  readonly port: number;
  /** Whether it takes as good as nothing until `listen`, and costs as good as nothing. Such a one listens once a peer is permitted; others at once. */
  readonly isIdle: boolean;
  /** Called once. */
  listen(handlers: RelaySocketHandlers): void;
  /** Hands the datagram to the network now or not at all; false: not. `data` is the caller's again on return. */
  send(data: Uint8Array, offset: number, length: number, port: number, address: string): boolean;
  /** Sends like `send`, with the DF bit where the platform can set it. */
  sendUnfragmented(data: Uint8Array, offset: number, length: number, peer: TransportAddress): boolean;
  /** Gives up to a batch of what waits to be read up. How many that were; 0 where the platform cannot. */
  discard(batch: ReceiveBatch): number;
  /** Datagrams of peers that found the kernel's buffer full, or nobody who listened, since it was opened; 0 where the platform does not tell. */
  kernelDrops(): number;
  close(): void;
}

/** Binds before it returns, or throws the system error (`code` EADDRINUSE, EADDRNOTAVAIL, EMFILE, …). */
export function openRelaySocket(options: UdpBindOptions, kernel: KernelUdp | undefined): RelaySocket {
  return kernel ? new KernelRelaySocket(options, kernel) : new NodeRelaySocket(options);
}

class NodeRelaySocket implements RelaySocket {
  readonly isIdle = false;
  readonly port: number;
  readonly #socket: Socket;

  constructor(options: UdpBindOptions) {
    this.#socket = bindUdpSocket(options);
    this.port = options.port === 0 ? this.#socket.address().port : options.port;
  }

  listen(handlers: RelaySocketHandlers): void {
    this.#socket.on('message', (data, from) => {
      handlers.datagram(data, from);
    });
    this.#socket.on('error', (error) => {
      handlers.failed(error);
    });
  }

  send(data: Uint8Array, offset: number, length: number, port: number, address: string): boolean {
    return sendNow(this.#socket, data, offset, length, port, address);
  }

  sendUnfragmented(data: Uint8Array, offset: number, length: number, { port, address }: TransportAddress): boolean {
    return sendNow(this.#socket, data, offset, length, port, address);
  }

  discard(): number {
    return 0;
  }

  kernelDrops(): number {
    return 0;
  }

  close(): void {
    this.#socket.close();
  }
}

/** How many peer addresses are kept in the form of the kernel. A client has permissions for a few. */
const KEPT_ADDRESSES = 64;
/** How many errors are taken from the kernel at a time, and may wait to be reported. */
const ERRORS_AT_ONCE = 64;
/** The send buffer is full: the datagram is lost, as UDP has it, and no error waits. */
const EAGAIN = 11;

/**
 * Receives through `node:dgram` and sends by itself, which is cheaper, tells at once whether the datagram was taken, and gives the ICMP
 * errors that datagrams of this socket brought about.
 */
class KernelRelaySocket implements RelaySocket {
  readonly port: number;
  readonly #fd: number;
  readonly #options: UdpBindOptions;
  readonly #kernel: KernelUdp;
  /** The system's own buffers cannot be had back, once they were made smaller. */
  readonly #mayBeIdle: boolean;
  /** What `listen` makes. An allocation for which no peer is permitted has a descriptor, and nothing else. */
  #listening: { readonly socket: Socket; readonly handlers: RelaySocketHandlers } | undefined;
  #sockaddrs: SockaddrCache | undefined;
  readonly #errors: PeerError[] = [];

  constructor(options: UdpBindOptions, kernel: KernelUdp) {
    const { family, address, port } = options;
    this.#options = options;
    this.#kernel = kernel;
    this.#mayBeIdle = options.mayBeIdle === true && options.socketBufferBytes > 0;
    this.#fd = kernel.open(family, address, port, this.#mayBeIdle);
    this.port = port === 0 ? kernel.portOf(this.#fd) : port;
  }

  get isIdle(): boolean {
    return this.#mayBeIdle && this.#listening === undefined;
  }

  listen(handlers: RelaySocketHandlers): void {
    const { family, socketBufferBytes } = this.#options;
    if (socketBufferBytes > 0) this.#kernel.setBuffers(this.#fd, socketBufferBytes);
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    this.#listening = { socket, handlers };
    socket.bind({ fd: this.#fd, exclusive: true });
    socket.on('message', (data, from) => {
      handlers.datagram(data, from);
    });
    socket.on('error', (error) => {
      if (this.#listening === undefined) return;
      // Whatever it was, the queue must be empty afterwards, or the socket stays ready for good.
      this.#readErrors();
      handlers.failed(error);
    });
  }

  send(data: Uint8Array, offset: number, length: number, port: number, address: string): boolean {
    const to = this.#sockaddrOf(address, port);
    const payload = new Uint8Array(data.buffer, data.byteOffset + offset, length);
    const failure = this.#kernel.send(this.#fd, to, payload);
    return failure === 0 || (this.#maySendAgain(failure) && this.#kernel.send(this.#fd, to, payload) === 0);
  }

  sendUnfragmented(data: Uint8Array, offset: number, length: number, { address, port }: TransportAddress): boolean {
    const to = this.#sockaddrOf(address, port);
    const payload = new Uint8Array(data.buffer, data.byteOffset + offset, length);
    const { family } = this.#options;
    const failure = this.#kernel.sendUnfragmented(this.#fd, family, to, payload);
    if (failure === 0) return true;
    return this.#maySendAgain(failure) && this.#kernel.sendUnfragmented(this.#fd, family, to, payload) === 0;
  }

  discard(batch: ReceiveBatch): number {
    return Math.max(0, batch.receive(this.#fd, 0, batch.count));
  }

  kernelDrops(): number {
    return this.#kernel.drops(this.#fd);
  }

  close(): void {
    const socket = this.#listening?.socket;
    this.#listening = undefined;
    this.#errors.length = 0;
    if (socket) socket.close();
    else this.#kernel.close(this.#fd);
  }

  #sockaddrOf(address: string, port: number): Buffer {
    this.#sockaddrs ??= new SockaddrCache(this.#options.family, KEPT_ADDRESSES);
    return this.#sockaddrs.get(address, port);
  }

  /** An error of an earlier datagram is told in the place of sending this one: once it is taken, this one can go. */
  #maySendAgain(failure: number): boolean {
    if (failure === EAGAIN) return false;
    this.#readErrors();
    return true;
  }

  #readErrors(): void {
    for (;;) {
      const error = this.#kernel.readError(this.#fd);
      if (error === undefined) return;
      if (error === 'other' || this.#errors.length >= ERRORS_AT_ONCE) continue;
      // Told afterwards: a caller that is sending just now must not be called back meanwhile.
      if (this.#errors.push(error) === 1) setImmediate(tellErrors, this);
    }
  }

  tellErrors(): void {
    for (const error of this.#errors.splice(0)) this.#listening?.handlers.peerError(error);
  }
}

function tellErrors(socket: KernelRelaySocket): void {
  socket.tellErrors();
}
