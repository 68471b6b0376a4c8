import { type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type ArrivalRefusal, Arrivals } from '../base/arrivals.ts';
import { type Clock } from '../base/clock.ts';
import { ConnectionLimits, type ConnectionLimitOptions } from '../base/connection-limits.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { listenError } from '../base/listen-error.ts';
import { type Logger } from '../base/logger.ts';
import { SourceRate, type SourceRateOptions } from '../base/source-rate.ts';
import { TLS_RULES } from '../base/tls-rules.ts';
import { transportAddress, type TransportAddress } from '../base/transport-address.ts';
import { alpnAnswer, FrontDoor, type TurnEntry } from './front-door.ts';
import { HttpConnections, type HttpTimes } from './http-connections.ts';
import { answerRequests, type MakeApp } from './http-requests.ts';

/** Takes an upgrade request. Returns whether the socket is a WebSocket now; otherwise it is answered, and ends. */
type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

interface HttpsOptions extends KeyPair {
  /** Whether `takeUpgrades` will be called. Without it, an upgrade is a request like any other (RFC 9110 §7.8). */
  readonly webSockets?: boolean;
  readonly addresses: readonly string[];
  /** 0 lets the system choose one, the same for all addresses. */
  readonly port: number;
  /** Limits for connections, WebSockets and others, over all addresses. */
  readonly limits: ConnectionLimitOptions;
  /** Limit for new connections of one client; absent: no limit. */
  readonly handshakes?: SourceRateOptions | undefined;
  /** Limit for requests of one client that open no WebSocket; absent: no limit. */
  readonly requests?: SourceRateOptions | undefined;
  /** Ranges of proxies; see `Arrivals`. */
  readonly proxyProtocolFrom?: readonly string[] | undefined;
  /** Takes TLS clients that speak STUN. Absent: every client is a web client. */
  readonly turn?: TurnEntry | undefined;
  /** Deadlines of web connections; absent: 10 s for a request and 30 s in all. */
  readonly times?: HttpTimes | undefined;
}

export interface HttpsPorts {
  readonly logger: Logger;
  readonly abuseLog: AbuseLog;
  readonly clock: Clock;
}

interface OpenServer {
  readonly server: Server;
  readonly door: FrontDoor;
}

/** How often another port is tried when the one the system chose is taken on the next address. */
const PORT_ATTEMPTS = 10;
/** Default deadlines. A page of 400 KB in the whole time takes 14 KB a second. */
const TIMES: HttpTimes = { requestMs: 10_000, totalMs: 30_000 };
const PROXY_HEADER_TIMEOUT_MS = 10_000;
/** How late Node may notice a request that takes too long; 30 s unless told. */
const CHECKING_INTERVAL_MS = 1000;
const MAX_HEADER_BYTES = 16_384;

/** HTTPS on every address, all or none. */
export class HttpsListeners {
  readonly servers: readonly Server[];
  readonly addresses: readonly TransportAddress[];
  readonly #open: readonly OpenServer[];
  readonly #upgrades: Upgrades;

  private constructor(open: readonly OpenServer[], upgrades: Upgrades) {
    this.#open = open;
    this.#upgrades = upgrades;
    this.servers = open.map(({ server }) => server);
    this.addresses = this.servers.flatMap((server) => {
      const { address, port } = server.address() as AddressInfo;
      return transportAddress(address, port) ?? [];
    });
  }

  /** Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  static async open(options: HttpsOptions, makeApp: MakeApp, ports: HttpsPorts): Promise<HttpsListeners> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const connections = new HttpConnections(options.times ?? TIMES, ports.clock);
        const upgrades: Upgrades = { take: undefined };
        return new HttpsListeners(await openAll(options, makeApp, ports, connections, upgrades), upgrades);
      } catch (error) {
        const retry = options.port === 0 && attempt < PORT_ATTEMPTS;
        if (!(retry && error instanceof EpcscfTurnError && error.code === 'ERR_ADDRESS_IN_USE')) throw error;
      }
    }
  }

  /** Sets the certificate for later handshakes. Throws the error of OpenSSL for a pair it cannot use, and then keeps the old one. */
  setCertificate({ cert, key }: KeyPair): void {
    for (const server of this.servers) server.setSecureContext({ ...TLS_RULES, cert, key });
  }

  /** From now on, upgrade requests are for `take`. Those that came before were answered 503. A connection that is a WebSocket has no deadline here. */
  takeUpgrades(take: TakeUpgrade): void {
    this.#upgrades.take = take;
  }

  /** Resolves when the ports are free. Connections handed to the TURN server stay until that stops. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map(closeServer));
  }
}

/** Who takes upgrade requests. The ports are open before anybody can. */
interface Upgrades {
  take: TakeUpgrade | undefined;
}

async function openAll(
  options: HttpsOptions,
  makeApp: MakeApp,
  { logger, abuseLog, clock }: HttpsPorts,
  connections: HttpConnections,
  upgrades: Upgrades,
): Promise<OpenServer[]> {
  const { addresses, port, cert, key, turn, requests: rate, times = TIMES } = options;
  const nowMs = (): number => clock.now().monotonicMs;
  const arrivals = createArrivals(options, { logger, abuseLog, nowMs, connections });
  const onRequest = answerRequests({ makeApp, connections, rate, abuseLog, logger, nowMs });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!upgrades.take) refuseEarly(socket);
    else if (upgrades.take(request, socket, head)) connections.remove(socket);
  };
  const open: OpenServer[] = [];
  let shared = port;
  try {
    for (const address of addresses) {
      const server = createServer({
        ...TLS_RULES,
        cert,
        key,
        ALPNCallback: alpnAnswer(turn),
        maxHeaderSize: MAX_HEADER_BYTES,
        // Below the deadline of the connection, so that a slow request on one that is in use is answered 408.
        headersTimeout: times.requestMs,
        requestTimeout: times.requestMs,
        connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      });
      const door = new FrontDoor(server, { arrivals, connections, turn });
      server.on('request', onRequest);
      if (options.webSockets === true) server.on('upgrade', onUpgrade);
      await listen(server, address, shared, logger);
      open.push({ server, door });
      shared = (server.address() as AddressInfo).port;
    }
    return open;
  } catch (error) {
    await Promise.all(open.map(closeServer));
    throw error;
  }
}

/** RFC 9110 §15.6.4: the server is about to be there. */
function refuseEarly(socket: Duplex): void {
  socket.on('error', () => {
    socket.destroy();
  });
  const head = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n';
  socket.end(head, () => {
    socket.destroy();
  });
}

interface ArrivalPorts {
  readonly logger: Logger;
  readonly abuseLog: AbuseLog;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly connections: HttpConnections;
}

/** Counted before the first byte of TLS: a handshake is what costs. */
function createArrivals(
  { limits, handshakes, proxyProtocolFrom }: HttpsOptions,
  { logger, abuseLog, nowMs, connections }: ArrivalPorts,
): Arrivals {
  return new Arrivals({
    limits: new ConnectionLimits(limits, (source) => connections.makeRoom(source)),
    proxies: proxyProtocolFrom ?? [],
    headerTimeoutMs: PROXY_HEADER_TIMEOUT_MS,
    rate: handshakes && new SourceRate(handshakes, nowMs),
    onRefused: (refusal, remoteAddress) => {
      const cause = REFUSAL_CAUSES.get(refusal);
      if (cause) abuseLog.write('connection refused', { remoteAddress, cause }, nowMs());
      else logger.debug({ remoteAddress, cause: refusal }, 'HTTPS connection refused');
    },
  });
}

/** Causes of refusals that the client itself is to blame for, in the words of the edge. */
const REFUSAL_CAUSES: ReadonlyMap<ArrivalRefusal, string> = new Map([
  ['rate', 'handshake-rate'],
  ['address', 'connections-per-address'],
] as const);

/** Resolves when the port is open. From then on an error of the server is logged. */
function listen(server: Server, address: string, port: number, logger: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListenError = (cause: Error): void => {
      const where = `edge listener ${address.includes(':') ? `[${address}]` : address}:${port}`;
      const target = { where, address, port, portKey: 'edge.listen.port', addressKey: 'edge.listen.addresses' };
      reject(listenError(target, cause));
    };
    server.once('error', onListenError);
    server.listen({ host: address, port, ipv6Only: true }, () => {
      // Failing to accept one connection, for want of file descriptors say, must not end the process, not even while other ports open.
      server.on('error', (error) => {
        logger.warn({ err: error }, 'HTTPS listener reported an error');
      });
      server.off('error', onListenError);
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
