import { type Socket } from 'node:net';
import { type Arrival } from '../../base/arrivals.ts';
import { Drop } from '../dataplane/shared/drop-counters.ts';
import { type ListenerPorts } from './listener.ts';
import { type StreamConnectionOptions } from './stream-connection.ts';
import { StreamClients } from './stream-clients.ts';
import { type StreamPlaces } from './stream-places.ts';

/** TLS clients that the HTTPS server accepted and found to speak TURN, under the limits of the listeners here. */
export class HandedStreams {
  readonly #places: StreamPlaces;
  readonly #ports: ListenerPorts;
  readonly #clients: StreamClients;
  readonly #sockets = new Set<Socket>();
  #closed = false;

  constructor(options: StreamConnectionOptions, places: StreamPlaces, ports: ListenerPorts) {
    this.#places = places;
    this.#ports = ports;
    this.#clients = new StreamClients('tls', options, places, ports);
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
    const { limits } = this.#places;
    const place = limits.acquire(address);
    if (place !== 'taken') {
      this.#ports.drops.add(Drop.ConnectionLimit);
      this.#ports.logger.debug({ client: address, limit: place }, 'connection refused: limit reached');
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    let isCounted = true;
    const release = (): void => {
      if (isCounted) limits.release(address);
      isCounted = false;
    };
    socket.on('close', () => {
      this.#sockets.delete(socket);
      release();
    });
    const end = (): void => {
      release();
      socket.destroy();
    };
    this.#clients.add(socket, { ...from, end });
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
