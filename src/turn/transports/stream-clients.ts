import { type Socket } from 'node:net';
import { addressFromKernel } from '../kernel/address.ts';
import { type ListenerPorts } from './listener.ts';
import { StreamConnection, type StreamConnectionOptions } from './stream-connection.ts';
import { type Occupant, type StreamPlaces } from './stream-places.ts';

const SWEEP_MS = { min: 10, max: 1_000 };

/** The connections of one entry that are past their handshakes, and the timer that gives up those which do not behave. */
export class StreamClients {
  readonly #transport: 'tcp' | 'tls';
  readonly #options: StreamConnectionOptions;
  readonly #places: StreamPlaces;
  readonly #ports: ListenerPorts;
  readonly #connections = new Set<StreamConnection>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(transport: 'tcp' | 'tls', options: StreamConnectionOptions, places: StreamPlaces, ports: ListenerPorts) {
    this.#transport = transport;
    this.#options = options;
    this.#places = places;
    this.#ports = ports;
  }

  /** From here on the socket speaks TURN, for the client that holds the place; `occupant` counts among those that can be spared until it has an allocation. */
  add(socket: Socket, occupant: Occupant): void {
    const { remote, via } = occupant;
    // Node tells of some errors of TLS and leaves the connection open.
    socket.on('error', () => socket.destroy());
    const local = addressFromKernel(socket.localAddress ?? '', socket.localPort ?? 0);
    if (!local || socket.destroyed) {
      socket.destroy();
      return;
    }
    const ends = { transport: this.#transport, remote, local, via };
    const connection = new StreamConnection(socket, ends, this.#options, this.#ports, (isSpare) => {
      if (isSpare) this.#places.spare(occupant);
      else this.#places.keep(occupant);
    });
    this.#places.spare(occupant);
    this.#connections.add(connection);
    this.#armSweep();
    socket.on('close', () => {
      connection.destroy();
      this.#connections.delete(connection);
      this.#places.keep(occupant);
      this.#ports.sink.onClientClosed(connection.client);
    });
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const connection of this.#connections) connection.destroy();
  }

  /** One timer for all connections, and only while there are some. */
  #armSweep(): void {
    if (this.#sweep) return;
    const { idleUnauthenticatedSec, stuckSec } = this.#options;
    const everyMs = Math.min(idleUnauthenticatedSec, stuckSec) * 250;
    this.#sweep = setInterval(
      () => {
        this.#runSweep();
      },
      Math.max(SWEEP_MS.min, Math.min(SWEEP_MS.max, everyMs)),
    ).unref();
  }

  #runSweep(): void {
    const nowMs = this.#ports.nowMs();
    for (const connection of this.#connections) {
      const end = connection.overdue(nowMs);
      if (!end) continue;
      this.#ports.logger.debug({ client: connection.client.key, end }, 'connection given up');
      connection.destroy();
    }
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
