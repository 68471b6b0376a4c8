import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { type KeyPair, secureOptions } from '../../base/key-pair.ts';
import { formatTransportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { Drop } from '../dataplane/shared/drop-counters.ts';
import { Arrivals, type ArrivalRefusal } from '../../base/arrivals.ts';
import { type ConnectionLimitOptions } from '../../base/connection-limits.ts';
import { SourceRate, type SourceRateOptions } from '../../base/source-rate.ts';
import { STUN_ALPN_PROTOCOLS } from './alpn-protocols.ts';
import { turnListenError } from './listen-error.ts';
import { type Listener, type ListenerPorts } from './listener.ts';
import { StreamClients } from './stream-clients.ts';
import { StreamPlaces } from './stream-places.ts';
import { type StreamConnectionOptions } from './stream-connection.ts';

export interface StreamListenerOptions extends StreamConnectionOptions, ConnectionLimitOptions {
  /** How long a PROXY header may take, and a TLS handshake. */
  readonly handshakeSec: number;
  /** New connections of one IPv4 address or IPv6 /64; absent: as many as it likes. */
  readonly rate?: SourceRateOptions | undefined;
}

/** What all stream listeners of a server count together. */
export interface StreamLimits {
  readonly places: StreamPlaces;
  readonly rate: SourceRate | undefined;
}

export function streamLimits(
  options: StreamListenerOptions,
  ports: Pick<ListenerPorts, 'nowMs' | 'drops' | 'logger'>,
): StreamLimits {
  return { places: new StreamPlaces(options, ports), rate: options.rate && new SourceRate(options.rate, ports.nowMs) };
}

const TCP_KEEPALIVE_MS = 60_000;
const UNUSABLE = 'TURN tls listener: the certificate and key (tls.certFile, tls.keyFile) are no usable PEM pair';

/**
 * TURN over TCP, or over TLS when a `KeyPair` is given. Connections are counted when TCP accepts them, before any TLS work; the TLS
 * server never listens itself but is handed accepted connections, behind the PROXY header where there is one.
 */
export class StreamListener implements Listener {
  readonly transport: 'tcp' | 'tls';
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #options: StreamListenerOptions;
  readonly #ports: ListenerPorts;
  /** Accepted connections, also those that are still in their handshake. */
  readonly #arrivals: Arrivals;
  readonly #clients: StreamClients;
  #local: TransportAddress;

  /** Resolves when it listens. Rejects with ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  static async listen(
    local: TransportAddress,
    tls: KeyPair | undefined,
    options: StreamListenerOptions,
    limits: StreamLimits,
    ports: ListenerPorts,
    proxies: readonly string[] = [],
  ): Promise<StreamListener> {
    const listener = new StreamListener(local, tls, options, limits, ports, proxies);
    await listener.#listen();
    return listener;
  }

  private constructor(
    local: TransportAddress,
    tls: KeyPair | undefined,
    options: StreamListenerOptions,
    limits: StreamLimits,
    ports: ListenerPorts,
    proxies: readonly string[],
  ) {
    this.transport = tls ? 'tls' : 'tcp';
    this.#local = local;
    this.#options = options;
    this.#ports = ports;
    this.#clients = new StreamClients(this.transport, options, limits.places, ports);
    this.#arrivals = new Arrivals({
      limits: limits.places.limits,
      rate: limits.rate,
      proxies,
      headerTimeoutMs: options.handshakeSec * 1000,
      onRefused: (refusal, client) => {
        this.#onRefused(refusal, client);
      },
    });
    this.#tls = tls && this.#createTls(tls);
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS },
      (socket) => {
        this.#arrivals.accept(socket, (arrival) => {
          limits.places.spare(arrival);
          socket.once('close', () => {
            limits.places.keep(arrival);
          });
          if (this.#tls) this.#tls.emit('connection', socket);
          else this.#clients.add(socket, arrival);
        });
      },
    );
  }

  get local(): TransportAddress {
    return this.#local;
  }

  get connectionCount(): number {
    return this.#arrivals.sockets.size;
  }

  /** Takes effect with the next handshake. Throws ERR_CERTIFICATE_UNREADABLE, and then keeps the old one. */
  setTlsContext(context: KeyPair): void {
    this.#tls?.setSecureContext(secureOptions(context, UNUSABLE));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    this.#clients.close();
    for (const socket of this.#arrivals.sockets) socket.destroy();
    await closed;
  }

  #listen(): Promise<void> {
    const { address, port, family } = this.#local;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(turnListenError(this.transport, this.#local, error));
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

  #createTls(context: KeyPair): TlsServer {
    const handshakeTimeout = this.#options.handshakeSec * 1000;
    const server = createTlsServer({
      ...secureOptions(context, UNUSABLE),
      ALPNProtocols: [...STUN_ALPN_PROTOCOLS],
      handshakeTimeout,
    });
    server.on('secureConnection', (socket) => {
      const arrival = this.#arrivals.of(socket);
      // Without one it has broken before this was told.
      if (arrival) this.#clients.add(socket, arrival);
      else socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => {
      this.#ports.logger.debug({ err: error }, 'TLS handshake failed');
      socket.destroy();
    });
    return server;
  }

  #onRefused(refusal: ArrivalRefusal, client: string): void {
    const isLimit = refusal === 'total' || refusal === 'address' || refusal === 'rate';
    this.#ports.drops.add(isLimit ? Drop.ConnectionLimit : Drop.ProxyProtocol);
    this.#ports.logger.debug({ client, cause: refusal }, 'connection refused');
  }
}
