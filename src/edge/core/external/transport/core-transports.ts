import { BoundedMap } from '../../../../base/bounded-map.ts';
import { type Clock } from '../../../../base/clock.ts';
import { EndOfTurn } from '../../../../base/end-of-turn.ts';
import { EpcscfTurnError } from '../../../../base/errors.ts';
import { type KeyPair } from '../../../../base/key-pair.ts';
import { type Logger } from '../../../../base/logger.ts';
import { type TimerQueue } from '../../../../base/timer-queue.ts';
import { transportAddress, type TransportAddress } from '../../../../base/transport-address.ts';
import { type CoreTlsOptions, type ExternalCoreOptions } from '../../../edge-options.ts';
import { type Hop } from '../../../hop.ts';
import { type CoreDestination, type CoreTransport, destinationKey } from '../../core-destination.ts';
import { coreSecureOptions } from './core-tls.ts';
import { type CoreTransportHandlers, type CoreTransports } from './core-transport.ts';
import { checkListenAddress, createLocalEnd, type LocalEnd, localEndTowards } from './local-end.ts';
import { CoreStreamListener } from './stream-listener.ts';
import { StreamPool } from './stream-pool.ts';
import { type CoreTransportLimits, type TransportContext } from './transport-context.ts';
import { TrustedAddresses } from './trusted-addresses.ts';
import { UdpPort } from './udp-port.ts';

type CoreTransportOptions = Pick<ExternalCoreOptions, 'listen' | 'trusted' | 'tls' | 'connections'>;

interface CoreTransportDependencies {
  readonly clock: Clock;
  /** Timer queue; its owner arms it. */
  readonly timers: TimerQueue;
  readonly logger: Logger;
}

const CONNECT_TIMEOUT_MS = 3000;
/** Milliseconds after which an idle connection is closed: longer than an INVITE may ring, whose answer comes over the same connection. */
const IDLE_MS = 600_000;
/** How often another port is tried when the one the system chose is taken for the other transport, or on the next address. */
const PORT_ATTEMPTS = 10;
/** Destinations of which the way is remembered. */
const MAX_WAYS = 1000;

/** The sockets of one listen address; without TLS port no TLS listener. */
interface OpenAddress {
  readonly udp: UdpPort;
  readonly streams: readonly CoreStreamListener[];
}

class SocketTransports implements CoreTransports {
  readonly #options: CoreTransportOptions;
  readonly #locals: readonly TransportAddress[];
  readonly #context: TransportContext;
  readonly #trusted: TrustedAddresses;
  readonly #pool: StreamPool;
  readonly #ways = new BoundedMap<() => Hop>(MAX_WAYS);
  #tls: CoreTlsOptions;
  #open: readonly OpenAddress[] = [];
  #localEnds: Readonly<Record<CoreTransport, readonly LocalEnd[]>> = { udp: [], tcp: [], tls: [] };
  #addresses: readonly CoreDestination[] = [];
  #stopped: Promise<void> | undefined;

  constructor(
    options: CoreTransportOptions,
    limits: CoreTransportLimits,
    handlers: CoreTransportHandlers,
    dependencies: CoreTransportDependencies,
  ) {
    const { listen, trusted, tls, connections } = options;
    this.#options = options;
    this.#tls = tls;
    this.#locals = listen.addresses.map((address) => checkListenAddress(address, listen.publicHost));
    if (listen.tlsPort !== undefined && (tls.cert === undefined || tls.key === undefined)) {
      const text = 'edge.core.listen.tlsPort: expected edge.core.tls.certFile and edge.core.tls.keyFile too, got none';
      throw new EpcscfTurnError('ERR_CONFIG_INVALID', text);
    }
    this.#trusted = new TrustedAddresses(trusted);
    const defaults = { connectTimeoutMs: CONNECT_TIMEOUT_MS, idleMs: IDLE_MS };
    this.#context = {
      ...dependencies,
      endOfTurn: new EndOfTurn(),
      handlers,
      trusted: this.#trusted,
      limits: { ...defaults, ...limits },
    };
    this.#pool = new StreamPool(connections, coreSecureOptions(tls), this.#context);
  }

  get addresses(): readonly CoreDestination[] {
    return this.#addresses;
  }

  async start(): Promise<void> {
    const { port, tlsPort, publicHost } = this.#options.listen;
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#open = await this.#openAll();
        break;
      } catch (error) {
        const retry = port === 0 && attempt < PORT_ATTEMPTS;
        if (!(retry && error instanceof EpcscfTurnError && error.code === 'ERR_ADDRESS_IN_USE')) throw error;
      }
    }
    const streams = this.#open.flatMap((open) => open.streams.map(({ localEnd }) => localEnd));
    const tcp = streams.filter(({ transport }) => transport === 'tcp');
    const silentTls = tcp.map(({ local }) => createLocalEnd('tls', local, publicHost, false));
    this.#localEnds = {
      udp: this.#open.map(({ udp }) => udp.localEnd),
      tcp,
      tls: tlsPort === undefined ? silentTls : streams.filter(({ transport }) => transport === 'tls'),
    };
    const listening = [
      ...this.#localEnds.udp,
      ...streams.filter(({ transport }) => transport === 'tcp' || tlsPort !== undefined),
    ];
    this.#addresses = listening.map(({ transport, local: { address, port } }) => ({ transport, address, port }));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  hopTo(destination: CoreDestination): Hop {
    const key = destinationKey(destination);
    const known = this.#ways.get(key);
    if (known) return known();
    const way = this.#findWay(destination);
    this.#ways.set(key, way);
    return way();
  }

  /** What is to be found out once of each destination; a stream is another hop when its connection is gone. */
  #findWay({ transport, address, port, serverName }: CoreDestination): () => Hop {
    const remote = transportAddress(address, port);
    const localEnd = remote && (localEndTowards(this.#localEnds[transport], remote) ?? this.#localEnds[transport][0]);
    if (!remote || !localEnd) {
      const got = remote ? 'a call before start()' : JSON.stringify({ address, port });
      throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `hopTo: expected an address and a port of a core, got ${got}`);
    }
    if (transport !== 'udp') {
      const stream = { localEnd, remote, serverName };
      return () => this.#pool.hopTo(stream);
    }
    const udp = this.#open.find((open) => open.udp.localEnd === localEnd)?.udp;
    if (!udp) throw new EpcscfTurnError('ERR_INVALID_STATE', 'hopTo: expected a UDP socket for each local address');
    return () => udp.hopTo(remote);
  }

  trust(addresses: ReadonlySet<string>): void {
    this.#trusted.setResolved(addresses);
  }

  isTrusted(address: string): boolean {
    return this.#trusted.has(address);
  }

  setTlsContext({ cert, key }: KeyPair): void {
    const tls = { ...this.#tls, cert, key };
    const secure = coreSecureOptions(tls);
    this.#tls = tls;
    this.#pool.setSecureOptions(secure);
    for (const { streams } of this.#open) for (const listener of streams) listener.setSecureOptions(secure);
  }

  async #stop(): Promise<void> {
    const closing = this.#open.flatMap(({ streams }) => streams.map((listener) => listener.close()));
    await this.#pool.close();
    await Promise.all([...closing, ...this.#open.map(({ udp }) => udp.close())]);
  }

  /** Opens all sockets, or none. UDP and TCP of all addresses have one port. */
  async #openAll(): Promise<OpenAddress[]> {
    const open: OpenAddress[] = [];
    let { port, tlsPort } = this.#options.listen;
    try {
      for (const local of this.#locals) {
        const opened = await this.#openAddress({ ...local, port }, tlsPort);
        open.push(opened);
        port = opened.udp.localEnd.local.port;
        if (tlsPort !== undefined) tlsPort = opened.streams[1]?.localEnd.local.port;
      }
      return open;
    } catch (error) {
      await Promise.all(open.map(closeAddress));
      throw error;
    }
  }

  async #openAddress(wish: TransportAddress, tlsPort: number | undefined): Promise<OpenAddress> {
    const { publicHost } = this.#options.listen;
    const udp = await UdpPort.open(wish, publicHost, this.#context);
    const streams: CoreStreamListener[] = [];
    const openStream = async (port: number, tls: boolean): Promise<void> => {
      const { requireClientCertificate } = this.#tls;
      const secure = tls ? { secure: coreSecureOptions(this.#tls), requireClientCertificate } : undefined;
      const options = { local: { ...wish, port }, publicHost, tls: secure };
      streams.push(await CoreStreamListener.open(options, this.#pool, this.#context));
    };
    try {
      await openStream(udp.localEnd.local.port, false);
      if (tlsPort !== undefined) await openStream(tlsPort, true);
      return { udp, streams };
    } catch (error) {
      await closeAddress({ udp, streams });
      throw error;
    }
  }
}

async function closeAddress({ udp, streams }: OpenAddress): Promise<void> {
  await Promise.all([udp.close(), ...streams.map((listener) => listener.close())]);
}

/** The sockets on the core's side. Throws ERR_CONFIG_INVALID and ERR_CERTIFICATE_UNREADABLE. */
export function createCoreTransports(
  options: CoreTransportOptions,
  limits: CoreTransportLimits,
  handlers: CoreTransportHandlers,
  dependencies: CoreTransportDependencies,
): CoreTransports {
  return new SocketTransports(options, limits, handlers, dependencies);
}
