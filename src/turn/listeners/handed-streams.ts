import { type Socket } from 'node:net';
import { type Arrival } from '../../core/arrivals.ts';
import { type ConnectionLimits } from '../../core/connection-limits.ts';
import { Drop } from '../dataplane/drop-counters.ts';
import { type ListenerPorts } from './listener.ts';
import { type StreamConnectionOptions } from './stream-connection.ts';
import { StreamClients } from './stream-clients.ts';

/** TLS clients that somebody else accepted and found to speak TURN, under the limits of the listeners here. */
export class HandedStreams {
  readonly #limits: ConnectionLimits;
  readonly #ports: ListenerPorts;
  readonly #clients: StreamClients;
  readonly #sockets = new Set<Socket>();
  #closed = false;

  constructor(options: StreamConnectionOptions, limits: ConnectionLimits, ports: ListenerPorts) {
    this.#limits = limits;
    this.#ports = ports;
    this.#clients = new StreamClients('tls', options, ports);
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Takes the socket over, or ends it. */
  accept(socket: Socket, from: Pick<Arrival, 'remote' | 'via'>): void {
    const { address } = from.remote;
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const place = this.#limits.acquire(address);
    if (place !== 'taken') {
      this.#ports.drops.add(Drop.ConnectionLimit);
      this.#ports.logger.debug({ client: address, limit: place }, 'connection refused: limit reached');
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#limits.release(address);
    });
    this.#clients.add(socket, from);
  }

  /** Resolves when all have gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = [...this.#sockets].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('close', () => {
            resolve();
          });
        }),
    );
    this.#clients.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}
