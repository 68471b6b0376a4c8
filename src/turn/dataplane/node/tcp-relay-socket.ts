import { createServer, Socket, type Server } from 'node:net';
import { type AddressFamily } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type KernelTcp } from '../../kernel/tcp.ts';
import { type RelaySocket, type RelaySocketHandlers } from './relay-socket.ts';

interface TcpRelaySocketOptions {
  readonly family: AddressFamily;
  /** Local IP text. */
  readonly address: string;
  readonly port: number;
}

/** The socket of a TCP relay. It carries no datagrams, so `send` sends nothing; connections go in and out by `accept` and `connect`. */
export class TcpRelaySocket implements RelaySocket {
  readonly isIdle = false;
  readonly port: number;
  readonly #options: TcpRelaySocketOptions;
  readonly #kernel: KernelTcp;
  readonly #server: Server;
  /** Called with each connection that a peer makes; it is paused. */
  onAccepted: ((socket: Socket) => void) | undefined;
  /** Called when the relay closes, to close its connections. */
  onClosed: (() => void) | undefined;

  /** Listens before it returns, or throws the system error (`code` EADDRINUSE, EADDRNOTAVAIL, EMFILE, …). */
  constructor(options: TcpRelaySocketOptions, kernel: KernelTcp) {
    this.#options = options;
    this.#kernel = kernel;
    this.port = options.port;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      if (this.onAccepted) this.onAccepted(socket);
      else socket.destroy();
    });
    const fd = kernel.listen(options.family, options.address, options.port);
    try {
      this.#server.listen({ fd, exclusive: true });
    } catch (error) {
      kernel.close(fd);
      throw error;
    }
  }

  listen(handlers: RelaySocketHandlers): void {
    this.#server.on('error', (error) => {
      handlers.failed(error);
    });
  }

  /** A paused socket on its way to `peer`, from the relayed transport address. Throws the system error. */
  connect(peer: TransportAddress): Socket {
    const { family, address, port } = this.#options;
    const fd = this.#kernel.bind(family, address, port);
    // `manualStart` is net's own word for: do not read before it is connected.
    const options = { fd, readable: true, writable: true, allowHalfOpen: true, manualStart: true };
    const socket = new Socket(options);
    socket.pause();
    socket.connect({ host: peer.address, port: peer.port });
    return socket;
  }

  send(): false {
    return false;
  }

  sendUnfragmented(): false {
    return false;
  }

  discard(): number {
    return 0;
  }

  /** TCP loses nothing. */
  kernelDrops(): number {
    return 0;
  }

  close(): void {
    this.onAccepted = undefined;
    this.#server.close();
    this.onClosed?.();
  }
}
