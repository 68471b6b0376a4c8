import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { formatTransportAddress, type TransportAddress } from '../../core/transport-address.ts';
import { Drop } from '../dataplane/drop-counters.ts';
import { addressFromKernel } from '../dataplane/kernel-address.ts';
import { type ConnectionLimits, type ConnectionLimitOptions } from '../../core/connection-limits.ts';
import { listenError } from './listen-error.ts';
import { type Listener, type ListenerPorts } from './listener.ts';
import { secureOptions, type TlsContext } from './tls-context.ts';
import { StreamConnection, type StreamConnectionOptions } from './stream-connection.ts';

export interface StreamListenerOptions extends StreamConnectionOptions, ConnectionLimitOptions {
  /** How long a TLS handshake may take. */
  readonly handshakeSec: number;
}

/** RFC 7443 §3. A client without ALPN, as browsers are, is served all the same; one that offers only other protocols is not (RFC 7301 §3.2). */
const ALPN_PROTOCOLS = ['stun.turn'];
const TCP_KEEPALIVE_MS = 60_000;
const SWEEP_MS = { min: 10, max: 1_000 };

/**
 * TURN over TCP, or over TLS when a `TlsContext` is given. Connections are counted when TCP accepts them, before any TLS work; the TLS
 * server never listens itself but is handed accepted connections.
 */
export class StreamListener implements Listener {
  readonly transport: 'tcp' | 'tls';
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #options: StreamListenerOptions;
  readonly #limits: ConnectionLimits;
  readonly #ports: ListenerPorts;
  /** Accepted connections, also those that are still in their handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<StreamConnection>();
  #local: TransportAddress;
  #sweep: NodeJS.Timeout | undefined;

  /** Resolves when it listens. Rejects with ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  static async listen(
    local: TransportAddress,
    tls: TlsContext | undefined,
    options: StreamListenerOptions,
    limits: ConnectionLimits,
    ports: ListenerPorts,
  ): Promise<StreamListener> {
    const listener = new StreamListener(local, tls, options, limits, ports);
    await listener.#listen();
    return listener;
  }

  private constructor(
    local: TransportAddress,
    tls: TlsContext | undefined,
    options: StreamListenerOptions,
    limits: ConnectionLimits,
    ports: ListenerPorts,
  ) {
    this.transport = tls ? 'tls' : 'tcp';
    this.#local = local;
    this.#options = options;
    this.#limits = limits;
    this.#ports = ports;
    this.#tls = tls && this.#createTls(tls);
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS },
      (socket) => {
        this.#onAccept(socket);
      },
    );
  }

  get local(): TransportAddress {
    return this.#local;
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Takes effect with the next handshake. Throws ERR_CERTIFICATE_UNREADABLE, and then keeps the old one. */
  setTlsContext(context: TlsContext): void {
    this.#tls?.setSecureContext(secureOptions(context));
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #listen(): Promise<void> {
    const { address, port, family } = this.#local;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(listenError(this.transport, this.#local, error));
      });
      this.#server.listen({ host: address, port, ipv6Only: family === 6, exclusive: true }, () => {
        const bound = this.#server.address();
        if (bound && typeof bound === 'object') this.#local = { ...this.#local, port: bound.port };
        this.#server.on('error', (error) => {
          const listener = formatTransportAddress(this.#local);
          this.#ports.logger.warn({ listener, err: error }, 'stream listener reported an error');
        });
        resolve();
      });
    });
  }

  #createTls(context: TlsContext): TlsServer {
    const handshakeTimeout = this.#options.handshakeSec * 1000;
    const server = createTlsServer({ ...secureOptions(context), ALPNProtocols: ALPN_PROTOCOLS, handshakeTimeout });
    server.on('secureConnection', (socket) => {
      this.#onStream(socket);
    });
    server.on('tlsClientError', (error, socket) => {
      this.#ports.logger.debug({ err: error }, 'TLS handshake failed');
      socket.destroy();
    });
    return server;
  }

  #onAccept(socket: Socket): void {
    const address = socket.remoteAddress;
    if (address === undefined) {
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
    socket.on('error', ignore);
    if (this.#tls) this.#tls.emit('connection', socket);
    else this.#onStream(socket);
  }

  #onStream(socket: Socket): void {
    socket.on('error', ignore);
    const remote = addressFromKernel(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    const local = addressFromKernel(socket.localAddress ?? '', socket.localPort ?? 0);
    if (!remote || !local) {
      socket.destroy();
      return;
    }
    const { transport } = this;
    const connection = new StreamConnection(socket, { transport, remote, local }, this.#options, this.#ports);
    this.#connections.add(connection);
    this.#armSweep();
    socket.on('close', () => {
      connection.destroy();
      this.#connections.delete(connection);
      this.#ports.sink.onClientClosed(connection);
    });
  }

  /** One timer for all connections of the listener, and only while there are some. */
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
      this.#ports.logger.debug({ client: connection.key, end }, 'connection given up');
      connection.destroy();
    }
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

function ignore(): void {
  // A connection that breaks ends with 'close', which is all there is to do about it.
}
