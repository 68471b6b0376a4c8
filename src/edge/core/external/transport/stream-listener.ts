import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions, type Server as TlsServer } from 'node:tls';
import { listenError } from '../../../../base/listen-error.ts';
import { formatTransportAddress, transportAddress, type TransportAddress } from '../../../../base/transport-address.ts';
import { type CoreTransport } from '../../core-destination.ts';
import { createLocalEnd, type LocalEnd } from './local-end.ts';
import { type StreamPool } from './stream-pool.ts';
import { type TransportContext } from './transport-context.ts';

export interface CoreTlsListenerOptions {
  readonly secure: SecureContextOptions;
  readonly requireClientCertificate: boolean;
}

interface StreamListenerOptions {
  readonly local: TransportAddress;
  readonly publicHost: string | undefined;
  /** Options of a TLS listener; absent: a TCP listener. */
  readonly tls: CoreTlsListenerOptions | undefined;
}

const HANDSHAKE_MS = 10_000;

/** Where a core connects by TCP or TLS. Who is no part of the core is sent away before any TLS work. */
export class CoreStreamListener {
  readonly #options: StreamListenerOptions;
  readonly #pool: StreamPool;
  readonly #context: TransportContext;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  /** Addresses by `endsOf`: a TLS socket that has failed cannot tell any more where it came from. */
  readonly #handshakes = new Map<string, string>();
  #localEnd: LocalEnd;

  /** Rejects with ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  static async open(
    options: StreamListenerOptions,
    pool: StreamPool,
    context: TransportContext,
  ): Promise<CoreStreamListener> {
    const listener = new CoreStreamListener(options, pool, context);
    await listener.#listen();
    return listener;
  }

  private constructor(options: StreamListenerOptions, pool: StreamPool, context: TransportContext) {
    this.#options = options;
    this.#pool = pool;
    this.#context = context;
    this.#localEnd = createLocalEnd(this.#transport, options.local, options.publicHost);
    this.#tls = options.tls && this.#createTls(options.tls);
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
      if (!pool.admit(socket, this.#transport)) return;
      if (this.#tls) this.#beginTls(socket, this.#tls);
      else pool.serve(socket, this.#localEnd);
    });
  }

  get localEnd(): LocalEnd {
    return this.#localEnd;
  }

  /** Sets TLS options for later handshakes. */
  setSecureOptions(options: SecureContextOptions): void {
    this.#tls?.setSecureContext(options);
  }

  /** Takes no more connections; resolves when those that came here are gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  get #transport(): CoreTransport {
    return this.#options.tls ? 'tls' : 'tcp';
  }

  #listen(): Promise<void> {
    const { local, publicHost } = this.#options;
    const { address, port, family } = local;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const where = `core ${this.#transport} listener ${formatTransportAddress(local)}`;
        const portKey = this.#options.tls ? 'edge.core.listen.tlsPort' : 'edge.core.listen.port';
        reject(listenError({ where, address, port, portKey, addressKey: 'edge.core.listen.addresses' }, cause));
      });
      this.#server.listen({ host: address, port, ipv6Only: family === 6, exclusive: true }, () => {
        const bound = this.#server.address();
        const actual = bound && typeof bound === 'object' ? { ...local, port: bound.port } : local;
        this.#localEnd = createLocalEnd(this.#transport, actual, publicHost);
        this.#server.on('error', (error) => {
          const fields = { listener: this.#localEnd.authority, err: error };
          this.#context.logger.warn(fields, 'listener for the core reported an error');
        });
        resolve();
      });
    });
  }

  #beginTls(socket: Socket, tls: TlsServer): void {
    const ends = endsOf(socket);
    const address = transportAddress(socket.remoteAddress ?? '', 0)?.address ?? '';
    this.#handshakes.set(ends, address);
    socket.once('close', () => {
      if (this.#handshakes.delete(ends)) this.#context.handlers.refused(address, 'tls', 'tls');
    });
    tls.emit('connection', socket);
  }

  #createTls({ secure, requireClientCertificate }: CoreTlsListenerOptions): TlsServer {
    const server = createTlsServer({
      ...secure,
      requestCert: requireClientCertificate,
      rejectUnauthorized: requireClientCertificate,
      handshakeTimeout: HANDSHAKE_MS,
    });
    server.on('secureConnection', (socket) => {
      this.#handshakes.delete(endsOf(socket));
      this.#pool.serve(socket, this.#localEnd);
    });
    server.on('tlsClientError', (error, socket) => {
      this.#context.logger.debug({ err: error }, 'TLS handshake of the core failed');
      socket.destroy();
    });
    return server;
  }
}

function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''}`;
}
