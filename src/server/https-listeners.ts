import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { type Hono } from 'hono';
import { type Config } from '../config/schema/tree.ts';
import { type ArrivalRefusal, Arrivals } from '../core/arrivals.ts';
import { systemClock } from '../core/clock.ts';
import { ConnectionLimits, type ConnectionLimitOptions } from '../core/connection-limits.ts';
import { EpcscfTurnError } from '../core/errors.ts';
import { listenError } from '../core/listen-error.ts';
import { LimitedSources } from '../core/limited-sources.ts';
import { type Logger } from '../core/logger.ts';
import { TokenBuckets } from '../core/token-buckets.ts';
import { transportAddress, type TransportAddress } from '../core/transport-address.ts';
import { AbuseLog } from '../edge/flood/abuse-log.ts';
import { alpnProtocols, FrontDoor, type TurnEntry } from './front-door.ts';

interface HttpsOptions {
  readonly addresses: readonly string[];
  /** 0 lets the system choose one, the same for all addresses. */
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  /** WebSockets and others, over all addresses. */
  readonly limits: ConnectionLimitOptions;
  /** New connections of one client; absent: as many as it likes. */
  readonly handshakes?: HandshakeLimit | undefined;
  /** Ranges of proxies; see `Arrivals`. */
  readonly proxyProtocolFrom?: readonly string[] | undefined;
  /** Where TLS clients go that speak STUN; absent: everybody is a web client. */
  readonly turn?: TurnEntry | undefined;
}

/** How fast one IPv4 address or IPv6 /64 may connect. */
interface HandshakeLimit {
  readonly perSec: number;
  readonly burst: number;
  /** Clients that are told apart; past it the longest silent is forgotten. */
  readonly maxKeys: number;
  /** Ranges without a limit. */
  readonly exempt: readonly string[];
}

/** PEM text. */
interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Pages and TURN beside the WebSockets, whose own limit is told to their clients and should be the first that is met. */
const HANDSHAKES_PER_WEB_SOCKET = 2;

export function handshakeLimit({ edge: { limits } }: Config): HandshakeLimit {
  return {
    perSec: HANDSHAKES_PER_WEB_SOCKET * limits.handshakesPerSecPerAddress,
    burst: HANDSHAKES_PER_WEB_SOCKET * limits.handshakeBurstPerAddress,
    maxKeys: limits.sources,
    exempt: limits.exempt,
  };
}

interface OpenServer {
  readonly server: Server;
  readonly door: FrontDoor;
}

/** How often another port is tried when the one the system chose is taken on the next address. */
const PORT_ATTEMPTS = 10;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const MAX_HEADER_BYTES = 16_384;

/** HTTPS on every address, all or none. */
export class HttpsListeners {
  readonly servers: readonly Server[];
  readonly addresses: readonly TransportAddress[];
  readonly #open: readonly OpenServer[];

  private constructor(open: readonly OpenServer[]) {
    this.#open = open;
    this.servers = open.map(({ server }) => server);
    this.addresses = this.servers.flatMap((server) => {
      const { address, port } = server.address() as AddressInfo;
      return transportAddress(address, port) ?? [];
    });
  }

  /** Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  static async open(options: HttpsOptions, app: Hono, logger: Logger): Promise<HttpsListeners> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const listeners = new HttpsListeners(await openAll(options, app, logger));
        for (const server of listeners.servers) {
          // Failing to accept one connection, for want of file descriptors say, must not end the process.
          server.on('error', (error) => {
            logger.warn({ err: error }, 'HTTPS listener reported an error');
          });
        }
        return listeners;
      } catch (error) {
        const retry = options.port === 0 && attempt < PORT_ATTEMPTS;
        if (!(retry && error instanceof EpcscfTurnError && error.code === 'ERR_ADDRESS_IN_USE')) throw error;
      }
    }
  }

  /** For the handshakes to come; throws what OpenSSL says of a pair it cannot use, and keeps the old one. */
  setCertificate({ cert, key }: KeyPair): void {
    for (const server of this.servers) server.setSecureContext({ cert, key });
  }

  /** Resolves when the ports are free. Who went to the TURN server stays until that stops. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map(closeServer));
  }
}

async function openAll(options: HttpsOptions, app: Hono, logger: Logger): Promise<OpenServer[]> {
  const { addresses, port, cert, key, turn } = options;
  const arrivals = createArrivals(options, logger);
  const open: OpenServer[] = [];
  let shared = port;
  try {
    for (const address of addresses) {
      const server = createServer({
        cert,
        key,
        ALPNProtocols: alpnProtocols(turn),
        maxHeaderSize: MAX_HEADER_BYTES,
        handshakeTimeout: HEADERS_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
      });
      const door = new FrontDoor(server, { arrivals, turn, firstByteMs: HEADERS_TIMEOUT_MS });
      const handle = getRequestListener(app.fetch);
      server.on('request', (request, response) => void handle(request, response));
      await listen(server, address, shared);
      open.push({ server, door });
      shared = (server.address() as AddressInfo).port;
    }
    return open;
  } catch (error) {
    await Promise.all(open.map(closeServer));
    throw error;
  }
}

/** Counted before the first byte of TLS: a handshake is what costs. */
function createArrivals({ limits, handshakes, proxyProtocolFrom }: HttpsOptions, logger: Logger): Arrivals {
  const nowMs = (): number => systemClock.now().monotonicMs;
  const abuseLog = new AbuseLog(logger, nowMs());
  const sources = new LimitedSources(handshakes?.exempt ?? []);
  const rates = handshakes && new TokenBuckets(handshakes);
  return new Arrivals({
    limits: new ConnectionLimits(limits),
    proxies: proxyProtocolFrom ?? [],
    headerTimeoutMs: HEADERS_TIMEOUT_MS,
    admits: (address) => {
      const source = rates && sources.keyOf(address);
      return source === undefined || rates?.take(source, nowMs()) === 0;
    },
    onRefused: (refusal, remoteAddress) => {
      const cause = REFUSAL_CAUSES.get(refusal);
      if (cause) abuseLog.write('connection refused', { remoteAddress, cause }, nowMs());
      else logger.debug({ remoteAddress, cause: refusal }, 'HTTPS connection refused');
    },
  });
}

/** What a client has brought upon itself, in the words of the edge. */
const REFUSAL_CAUSES: ReadonlyMap<ArrivalRefusal, string> = new Map([
  ['rate', 'handshake-rate'],
  ['address', 'connections-per-address'],
] as const);

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `edge listener ${address.includes(':') ? `[${address}]` : address}:${port}`;
      const place = { where, address, port, portKey: 'edge.listen.port', addressKey: 'edge.listen.addresses' };
      reject(listenError(place, cause));
    });
    server.listen({ host: address, port, ipv6Only: true }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** Resolves when the port is free. WebSockets are not HTTP any more by then: the edge closes those. */
function closeServer({ server, door }: OpenServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
    door.close();
  });
}
