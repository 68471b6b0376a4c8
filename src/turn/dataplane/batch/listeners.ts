import { type TransportAddress } from '../../../base/transport-address.ts';
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
  readonly #host: ListenerHost;
  readonly #all: BatchListener[] = [];
  readonly #bySocket = new Map<number, BatchListener>();
  /** By listener and shard. */
  readonly #fds: number[][] = [];
  readonly #retired: number[] = [];

  constructor(shards: Shards, sockets: UdpSockets, host: ListenerHost) {
    this.#shards = shards;
    this.#sockets = sockets;
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
  open(wish: TransportAddress, { socketBufferBytes, isShared, zone = '0' }: BatchListenOptions): BatchListener {
    const { threads } = this.#shards;
    const fds: number[] = [];
    let local = wish;
    try {
      while (fds.length < threads.length) {
        fds.push(
          this.#sockets.open({
            local,
            zone: Number(zone),
            bufferBytes: socketBufferBytes,
            isShared: threads.length > 1,
            isBesideWildcard: isShared,
            joinsTrains: true,
          }),
        );
        local = { ...local, port: this.#sockets.portOf(fds[0] ?? CLOSED) };
      }
    } catch (error) {
      for (const fd of fds) this.#sockets.release(fd);
      throw error;
    }
    const number = this.#all.length;
    const listener = new BatchListener(local, Number(zone), number, this.#host);
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
    for (const fd of fds) this.#sockets.retire(fd);
    this.#retired.push(...fds);
    this.#fds[number] = [];
    this.#shards.tellAll(Command.Listener, number, CLOSED);
  }

  /** Once the shards have stopped. */
  release(): void {
    for (const fd of this.#retired.splice(0)) this.#sockets.release(fd);
  }
}
