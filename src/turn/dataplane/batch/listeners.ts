import { type TransportAddress } from '../../../base/transport-address.ts';
import { type FreedPorts } from '../../kernel/freed-ports.ts';
import { type UdpSockets } from '../../kernel/udp-sockets.ts';
import { BatchListener, type ListenerHost } from './batch-listener.ts';
import { type Shards } from './shards.ts';
import { Command, FIRST_LISTENER } from './shard-words.ts';

export interface BatchListenOptions {
  readonly socketBufferBytes: number;
  /** Beside a wildcard socket of ours on the same port, which lets it at that moment. */
  readonly isShared?: boolean | undefined;
  /** Index of the interface of a link-local address; absent for others. */
  readonly zone?: string | undefined;
}

const CLOSED = -1;

/** The listeners of a plane, and the socket that each shard has of each. */
export class Listeners {
  readonly #shards: Shards;
  readonly #sockets: UdpSockets;
  readonly #freedPorts: FreedPorts;
  readonly #host: ListenerHost;
  readonly #all: BatchListener[] = [];
  readonly #bySocket = new Map<number, BatchListener>();
  /** By listener and shard. */
  readonly #fds: number[][] = [];
  readonly #retired: number[] = [];

  constructor(shards: Shards, sockets: UdpSockets, freedPorts: FreedPorts, host: ListenerHost) {
    this.#shards = shards;
    this.#sockets = sockets;
    this.#freedPorts = freedPorts;
    this.#host = host;
  }

  /** The listener that clients name by `socket`. */
  ofSocket(socket: number): BatchListener | undefined {
    return this.#bySocket.get(socket);
  }

  at(number: number): BatchListener | undefined {
    return this.#all[number];
  }

  /** The socket of a listener that a shard has; -1 when it is closed. */
  fdOf(number: number, shard: number): number {
    return this.#fds[number]?.[shard] ?? CLOSED;
  }

  /** Opens a socket for each shard, which share what comes (SO_REUSEPORT), or none. Throws a system error. */
  open(wish: TransportAddress, options: BatchListenOptions): BatchListener {
    const { threads } = this.#shards;
    const zone = Number(options.zone ?? 0);
    const fds: number[] = [];
    let local = wish;
    const openOne = (isShared: boolean): number => {
      const { socketBufferBytes: bufferBytes, isShared: isBesideWildcard } = options;
      const fd = this.#sockets.open({ local, zone, bufferBytes, isShared, isBesideWildcard, joinsTrains: true });
      fds.push(fd);
      return fd;
    };
    try {
      // The first has the port for itself alone or fails, also where another server of this user shares it among its own shards.
      const first = openOne(false);
      local = { ...wish, port: this.#sockets.portOf(first) };
      if (threads.length > 1) this.#sockets.share(first);
      while (fds.length < threads.length) openOne(true);
    } catch (error) {
      for (const fd of fds) this.#sockets.release(fd);
      throw error;
    }
    const number = this.#all.length;
    const listener = new BatchListener(local, zone, number, this.#host);
    this.#all.push(listener);
    this.#bySocket.set(listener.socket, listener);
    this.#fds.push(fds);
    threads.forEach((thread, shard) => {
      thread.tell(Command.Listener, number, this.fdOf(number, shard));
      thread.poll.add(this.fdOf(number, shard), FIRST_LISTENER + number);
    });
    return listener;
  }

  close({ number, socket }: BatchListener): void {
    this.#bySocket.delete(socket);
    const fds = this.#fds[number] ?? [];
    for (const fd of fds) this.#freedPorts.free(fd);
    this.#retired.push(...fds);
    this.#fds[number] = [];
    this.#shards.tellAll(Command.Listener, number, CLOSED);
  }

  /** Once the shards have stopped. */
  release(): void {
    for (const fd of this.#retired.splice(0)) this.#sockets.release(fd);
  }
}
