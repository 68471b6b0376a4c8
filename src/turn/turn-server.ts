import { randomInt } from 'node:crypto';
import { type TLSSocket } from 'node:tls';
import { type Arrival } from '../base/arrivals.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { DeadlineTimer } from '../base/deadline-timer.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type AddressFamily } from '../base/ip.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { createRandomPool } from '../base/random-pool.ts';
import { type Logger } from '../base/logger.ts';
import { formatTransportAddress, transportAddress, type TransportAddress } from '../base/transport-address.ts';
import { TypedEvents } from '../base/typed-events.ts';
import { type CredentialVerifier } from '../credentials/credential.ts';
import { DropCounters, type TransportDropReason } from './dataplane/shared/drop-counters.ts';
import { ClientTurns } from './dataplane/node/client-turns.ts';
import { ClientSockets } from './dataplane/node/client-sockets.ts';
import { type RelayAddress } from './dataplane/shared/relay-address.ts';
import { bindUdpSocket } from './dataplane/node/udp-socket.ts';
import { type DataPlane } from './contract/data-plane.ts';
import { type TurnEngineOptions } from './engine/engine-options.ts';
import { createTurnEngine, type TurnEngine, type TurnEngineStats } from './engine/engine.ts';
import { usageByUser, type SessionSnapshot, type UserUsage } from './engine/observe/session-snapshot.ts';
import { DROP_REASONS, type DropReason } from './engine/observe/tally.ts';
import { type TurnEvents } from './engine/observe/turn-events.ts';
import { openDataPlanes, type DataPlanes } from './data-planes.ts';
import { HostAddressWatch } from './host-addresses.ts';
import { LateSink } from './late-sink.ts';
import { FairShares } from './transports/fair-shares.ts';
import { HandedStreams } from './transports/handed-streams.ts';
import { relayAddressError } from './transports/listen-error.ts';
import { type Listener } from './transports/listener.ts';
import { NatDiscoveryListeners } from './transports/nat-discovery-listeners.ts';
import { openListeners } from './transports/open-listeners.ts';
import { streamLimits, StreamListener } from './transports/stream-listener.ts';
import { type TurnListenAddress, type TurnServerOptions } from './turn-server-options.ts';
import { type TurnWrap } from './turn-wrap.ts';

export interface TurnServerPorts {
  readonly verifier: CredentialVerifier;
  readonly logger: Logger;
  /** The system's when absent. */
  readonly clock?: Clock;
  /** An emitter of its own when absent. */
  readonly events?: TypedEvents<TurnEvents>;
  readonly wrap?: TurnWrap | undefined;
  /** The data plane has failed: nothing is relayed any more, and the server is to be stopped. */
  readonly onFailed?: ((error: Error) => void) | undefined;
}

export interface TurnServerStats extends Omit<TurnEngineStats, 'drops'> {
  readonly dataPlane: DataPlane['kind'];
  /** TCP and TLS connections now open. */
  readonly connections: number;
  /** Datagrams and messages that were not passed on since the start, by reason. */
  readonly drops: Readonly<Partial<Record<DropReason | TransportDropReason, number>>>;
}

interface Running {
  readonly engine: TurnEngine;
  readonly planes: DataPlanes;
  readonly listeners: readonly Listener[];
  readonly handed: HandedStreams;
  readonly discovery: NatDiscoveryListeners | undefined;
  readonly timer: DeadlineTimer;
  readonly hostAddresses: HostAddressWatch;
  readonly drops: DropCounters;
}

/** The TURN server with its sockets: engine, data plane and listeners joined, and the one timeout the engine lives by. */
export class TurnServer {
  readonly events: TypedEvents<TurnEvents>;
  readonly #options: TurnServerOptions;
  readonly #verifier: CredentialVerifier;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #wrap: TurnWrap | undefined;
  readonly #onFailed: (error: Error) => void;
  #tls: KeyPair | undefined;
  #state: 'stopped' | 'starting' | 'stopping' | Running = 'stopped';

  constructor(options: TurnServerOptions, { verifier, logger, clock, events, wrap, onFailed }: TurnServerPorts) {
    this.#options = options;
    this.#verifier = verifier;
    this.#logger = logger;
    this.#clock = clock ?? systemClock;
    this.#wrap = wrap;
    this.#onFailed = (error) => {
      logger.error({ err: error }, 'the data plane of the TURN server has failed');
      onFailed?.(error);
    };
    this.#tls = options.tls;
    this.events =
      events ??
      new TypedEvents((error) => {
        logger.error({ err: error }, 'a listener of a TURN event threw');
      });
  }

  /** What is listened on, in the order of the options; empty unless started. */
  get addresses(): readonly TurnListenAddress[] {
    return this.#running?.listeners.map(({ transport, local }) => ({ transport, ...local })) ?? [];
  }

  /**
   * Opens everything or nothing. Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED for a
   * listener or a relay address, ERR_CONFIG_INVALID for options that cannot be served, ERR_INVALID_STATE when it was started before.
   */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') throw new EpcscfTurnError('ERR_INVALID_STATE', 'TURN server: already started');
    this.#state = 'starting';
    try {
      this.#state = await this.#open();
    } catch (error) {
      this.#state = 'stopped';
      throw error;
    }
    const listeners = this.addresses.map((at) => `${at.transport} ${formatTransportAddress(at)}`);
    this.#logger.info({ listeners, ...planeFacts(this.#state.planes) }, 'TURN server started');
  }

  /** Ends all allocations, closes all connections and frees all ports. Leaves no handle behind; a no-op when not started. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#state = 'stopping';
    await close(running);
    this.#state = 'stopped';
    this.#logger.info({}, 'TURN server stopped');
  }

  /**
   * Serves a TLS client that another listener accepted, counted with those of the listeners: `remote` is where it comes from, `via` the proxy
   * that said so. Ends the connection when a limit is reached or the server does not run.
   */
  acceptSecure(socket: TLSSocket, from: Pick<Arrival, 'remote' | 'via'>): void {
    const running = this.#running;
    if (running) running.handed.accept(socket, from);
    else socket.destroy();
  }

  /** The live allocations. */
  sessions(): readonly SessionSnapshot[] {
    return this.#running?.engine.sessions() ?? [];
  }

  /** One live allocation, or `undefined` when there is no such. */
  session(id: string): SessionSnapshot | undefined {
    return this.#running?.engine.session(id);
  }

  /** What each user with an allocation holds. */
  users(): readonly UserUsage[] {
    return usageByUser(this.sessions());
  }

  /** Where else this process listens: as a peer it would take what a client relays to it for its own machine's. A no-op unless started. */
  addOwnListeners(listeners: readonly TransportAddress[]): void {
    this.#running?.engine.addOwnListeners(listeners);
  }

  /**
   * Where the core behind the edge is by now, in place of what was told before: no client may have it as a peer, as the core would take what
   * comes from this machine for the edge's. What clients hold towards it ends. A no-op unless started.
   */
  setCoreAddresses(addresses: readonly TransportAddress[]): void {
    this.#running?.engine.setCoreAddresses(addresses);
  }

  /** False when there is no such allocation. */
  endAllocation(id: string): boolean {
    return this.#running?.engine.endAllocation(id) ?? false;
  }

  /** Ends what a user (u) holds; how many allocations that were. */
  endAllocationsOf(user: string, cause?: 'operator' | 'revoked'): number {
    return this.#running?.engine.endAllocationsOf(user, cause) ?? 0;
  }

  /**
   * From here on no new allocation is made: clients are sent to one of the alternate servers (300), or are answered 508 when there is none of
   * their family. Allocations that exist go on, and `stats().allocations` tells how many are left. False unless started.
   */
  drain(): boolean {
    return this.#setDraining(true);
  }

  /** Takes new allocations again. False unless started. */
  resume(): boolean {
    return this.#setDraining(false);
  }

  /** `undefined` unless started. */
  stats(): TurnServerStats | undefined {
    const running = this.#running;
    if (!running) return undefined;
    running.planes.noteDrops();
    const { drops, ...engine } = running.engine.stats();
    const entries = [...running.listeners, running.handed];
    const connections = entries.reduce((sum, { connectionCount }) => sum + connectionCount, 0);
    return {
      ...engine,
      dataPlane: running.planes.plane.kind,
      connections,
      drops: sumOf(drops, running.drops.snapshot()),
    };
  }

  /**
   * A new certificate, for the handshakes to come; connections stay. Throws ERR_CERTIFICATE_UNREADABLE when the pair is unusable, and
   * keeps the old one.
   */
  setTlsContext(context: KeyPair): void {
    for (const listener of this.#running?.listeners ?? []) {
      if (listener instanceof StreamListener) listener.setTlsContext(context);
    }
    this.#tls = context;
  }

  #setDraining(draining: boolean): boolean {
    const running = this.#running;
    if (!running) return false;
    running.engine.draining = draining;
    const { allocations } = running.engine.stats();
    this.#logger.info({ allocations }, draining ? 'TURN server draining' : 'TURN server takes new allocations again');
    return true;
  }

  get #running(): Running | undefined {
    return typeof this.#state === 'object' ? this.#state : undefined;
  }

  async #open(): Promise<Running> {
    const drops = new DropCounters();
    const sink = new LateSink();
    const shared = { sink, clients: new ClientSockets(), turns: new ClientTurns(), drops };
    for (const { family, address } of relayAddresses(this.#options)) probeRelayAddress(family, address);
    this.#warnOfSmallBuffers();
    const planes = await openDataPlanes(this.#options, relayAddresses(this.#options), {
      ...shared,
      logger: this.#logger,
      clock: this.#clock,
      isSystemClock: this.#clock === systemClock,
      wrap: this.#wrap,
      onFailed: this.#onFailed,
    });
    const { plane, node, kernel, batch, clientSink, openUdp } = planes;
    const nowMs = (): number => this.#clock.now().monotonicMs;
    const { stream, sockets, answerLimit } = this.#options;
    const shares = new FairShares(answerLimit, nowMs);
    const ports = { ...shared, sink: clientSink, clientData: node, logger: this.#logger, shares, nowMs };
    const limits = streamLimits(stream, ports);
    const timer = new DeadlineTimer(nowMs);
    let listeners: readonly Listener[] = [];
    let discovery: NatDiscoveryListeners | undefined;
    try {
      listeners = await openListeners(
        { ...this.#options, tls: this.#tls, udpBufferBytes: sockets.listenerBufferBytes, kernel, batch, openUdp },
        ports,
        limits,
      );
      const handed = new HandedStreams(stream, limits.places, ports);
      const { natDiscovery } = this.#options;
      const socketBufferBytes = sockets.listenerBufferBytes;
      discovery =
        natDiscovery &&
        (await NatDiscoveryListeners.open(natDiscovery, listeners, { socketBufferBytes, kernel }, ports));
      const engine = this.#createEngine(plane, listeners, timer, discovery);
      sink.attach(engine);
      timer.onDue = () => {
        engine.runTimers(this.#clock.now());
      };
      const hostAddresses = new HostAddressWatch((addresses) => {
        engine.setHostAddresses(addresses);
      });
      return { engine, planes, listeners, handed, discovery, timer, hostAddresses, drops };
    } catch (error) {
      await Promise.all([...listeners, ...(discovery ? [discovery] : [])].map((entry) => entry.close()));
      await planes.close();
      throw error;
    }
  }

  /** What is asked for beyond net.core.rmem_max is not granted, and nothing says so. */
  #warnOfSmallBuffers(): void {
    const { listenerBufferBytes, relayBufferBytes } = this.#options.sockets;
    const wished = Math.max(listenerBufferBytes, relayBufferBytes);
    const [relay] = relayAddresses(this.#options);
    const granted = relay && wished > 0 ? grantedBufferBytes(relay, wished) : wished;
    if (granted >= wished) return;
    const fields = { wished, granted, setting: 'net.core.rmem_max' };
    this.#logger.warn(
      fields,
      'the system grants smaller socket buffers than turn.sockets asks for: bursts may be lost',
    );
  }

  /** After the listeners, because peer policy wants their actual ports. */
  #createEngine(
    plane: DataPlane,
    listeners: readonly Listener[],
    timer: DeadlineTimer,
    discovery: NatDiscoveryListeners | undefined,
  ): TurnEngine {
    const relays = relayAddresses(this.#options);
    const { ports, portQuarantineSec } = this.#options.relay;
    return createTurnEngine(
      {
        ...this.#options,
        relay: { addresses: relays.map(({ advertised }) => advertised), ports, portQuarantineSec },
        realms: { byListener: this.#listenerRealms(listeners), byOrigin: this.#options.originRealms },
        listeners: [...listeners.map(({ local }) => local), ...(discovery?.locals ?? [])],
        natDiscovery: discovery,
        ownAddresses: [...relays.map(({ address }) => address), ...(this.#options.publicAddresses ?? [])],
        // A plane that cannot set the DF bit does not know DONT-FRAGMENT (RFC 8656 §7.2).
        dontFragment: plane.setsDontFragment,
      },
      {
        plane,
        verifier: this.#verifier,
        now: () => this.#clock.now(),
        randomBytes: createRandomPool(),
        randomInt: (below) => randomInt(below),
        events: this.events,
        logger: this.#logger,
        wrapRequests: this.#wrap?.requests,
        sendFrom: discovery?.sendFrom.bind(discovery),
        onDeadlineChanged: (deadlineMs) => {
          timer.arm(deadlineMs);
        },
      },
    );
  }

  /** Listeners come in the order of the options. */
  #listenerRealms(listeners: readonly Listener[]): TurnEngineOptions['realms']['byListener'] {
    return this.#options.listeners.flatMap(({ realm }, i) => {
      const listener = listeners[i];
      return realm === undefined || !listener ? [] : [{ listener, realm }];
    });
  }
}

/** For the log: which data plane serves, and where it cannot do all that it could, why. */
function planeFacts({ plane, shards, whyNoKernel }: DataPlanes): Record<string, unknown> {
  return {
    dataPlane: plane.kind,
    ...(shards > 0 && { shards }),
    kernelUdp: plane.setsDontFragment,
    ...(whyNoKernel !== undefined && { noKernelUdp: whyNoKernel }),
    tcpRelay: plane.tcp !== undefined,
  };
}

async function close({ engine, planes, listeners, handed, discovery, timer, hostAddresses }: Running): Promise<void> {
  hostAddresses.close();
  engine.stop();
  await Promise.all([...listeners, handed, ...(discovery ? [discovery] : [])].map((entry) => entry.close()));
  await planes.close();
  timer.clear();
}

function relayAddresses({ relay }: TurnServerOptions): readonly RelayAddress[] {
  const path = 'turn.relay.externalAddresses';
  const external = new Map(
    Object.entries(relay.externalAddresses).map(([local, seen]) => [ipOf(local, path).address, ipOf(seen, path)]),
  );
  return relay.addresses.map((text) => {
    const local = ipOf(text, 'turn.relay.addresses');
    const { family, address } = local;
    const advertised = external.get(address) ?? local;
    if (advertised.family === family) return { family, address, advertised: advertised.address };
    throw new EpcscfTurnError(
      'ERR_CONFIG_INVALID',
      `${path}: expected an IPv${family} address for ${address}, got ${advertised.address}`,
    );
  });
}

/** A relay is bound only when a client asks for one: that its address is of this machine is better known at start. */
function probeRelayAddress(family: AddressFamily, address: string): void {
  try {
    bindUdpSocket({ family, address, port: 0, socketBufferBytes: 0 }).close();
  } catch (cause) {
    throw relayAddressError(address, cause);
  }
}

function grantedBufferBytes({ family, address }: RelayAddress, socketBufferBytes: number): number {
  const socket = bindUdpSocket({ family, address, port: 0, socketBufferBytes });
  const bytes = socket.getRecvBufferSize();
  socket.close();
  // Linux counts its own overhead too, and tells twice what it granted (socket(7)).
  return process.platform === 'linux' ? bytes / 2 : bytes;
}

function ipOf(text: string, path: string): TransportAddress {
  const parsed = transportAddress(text, 0);
  if (parsed) return parsed;
  throw new EpcscfTurnError('ERR_CONFIG_INVALID', `${path}: expected an IP address, got ${JSON.stringify(text)}`);
}

/** Drops of the engine and of the transports by reason. Both know some reasons, such as `no-permission`. */
function sumOf(
  ofEngine: TurnEngineStats['drops'],
  ofTransports: Readonly<Record<TransportDropReason, number>>,
): TurnServerStats['drops'] {
  const sum: Partial<Record<DropReason | TransportDropReason, number>> = { ...ofTransports };
  for (const reason of DROP_REASONS) {
    const count = ofEngine[reason];
    if (count !== undefined) sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}
