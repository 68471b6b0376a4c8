import { type Now } from '../../base/clock.ts';
import { HOSTILE_LOG_LIMITS, LimitedLog } from '../../base/limited-log.ts';
import { type Logger } from '../../base/logger.ts';
import { TimerQueue } from '../../base/timer-queue.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type CredentialVerifier } from '../../credentials/credential.ts';
import { UNDERSTOOD_TYPES } from '../../stun/attribute-registry.ts';
import { accessToken } from '../../stun/attributes/rfc7635.ts';
import { dontFragment } from '../../stun/attributes/rfc8656.ts';
import { isChannelData } from '../../stun/channel-data.ts';
import { checkFingerprint } from '../../stun/fingerprint.ts';
import { decodeMessage, type StunMessage } from '../../stun/message.ts';
import { Method } from '../../stun/message-type.ts';
import { dropReservation, endAllocation, onDeadline, relayClosed } from './allocation/allocation-lifecycle.ts';
import { AllocationLog } from './observe/allocation-log.ts';
import { AllocationTable } from './allocation/allocation-table.ts';
import { type Allocation } from './allocation/allocation.ts';
import { AnswerLimit } from './authentication/answer-limit.ts';
import { type AuthenticationPorts } from './authentication/authenticate.ts';
import { checkEngineOptions, familiesOf } from './check-engine-options.ts';
import { type ClientPath } from '../contract/client-path.ts';
import { type DataPlane } from '../contract/data-plane.ts';
import { type DataPlaneSink, type PeerError } from '../contract/data-plane-sink.ts';
import { type RelayHandle } from '../contract/relay-handle.ts';
import { type TurnEngineOptions } from './engine-options.ts';
import { type EngineState } from './engine-state.ts';
import { handleSend } from './requests/handle-send.ts';
import { NatDiscovery, type SendFrom } from './discovery/nat-discovery.ts';
import { arriveFrom, survivesClosing } from './mobility/mobility.ts';
import { MobilityTickets } from './mobility/mobility-tickets.ts';
import { Nonces } from './authentication/nonces.ts';
import { OwnRelayChannels } from './peers/own-relay-channels.ts';
import { PastAllocates } from './allocation/past-allocates.ts';
import { handlePeerAccepted } from './tcp/peer-accepted.ts';
import { handlePeerData } from './peers/peer-data.ts';
import { handlePeerError } from './peers/peer-error.ts';
import { PeerPolicy } from './peers/peer-policy.ts';
import { recheckPeers } from './peers/recheck-peers.ts';
import { allocationCounters } from './relay/relay-counters.ts';
import { Redirection } from './discovery/redirection.ts';
import { Realms } from './authentication/realms.ts';
import { RelayPorts } from './relay/relay-ports.ts';
import { Reservations } from './allocation/reservations.ts';
import { securityFeatures } from './authentication/security-features.ts';
import {
  refuseAuthentication,
  serveAuthenticated,
  serveRequest,
  type ServeRequest,
  type WrapRequests,
} from './requests/serve-request.ts';
import { sessionSnapshot, type SessionSnapshot } from './observe/session-snapshot.ts';
import { Tally, type DropReason } from './observe/tally.ts';
import { TcpConnections } from './tcp/tcp-connections.ts';
import { tcpConnected, tcpConnectionEnded } from './tcp/tcp-lifecycle.ts';
import { type TurnEvents } from './observe/turn-events.ts';
import { type AllocationEndCause } from './observe/turn-words.ts';
import { stopWaiting } from './authentication/wait-for-lookup.ts';
import { WaitingRequests } from './authentication/waiting-requests.ts';

const NONCE_KEY_BYTES = 32;
const TICKET_KEY_BYTES = 32;

interface TurnEnginePorts {
  readonly plane: DataPlane;
  readonly verifier: CredentialVerifier;
  /** The time of the call that is being served; its owner may read the clocks once for a batch. */
  readonly now: () => Now;
  /** Returns unpredictable bytes, for the nonce key, tokens and transaction ids. */
  readonly randomBytes: (count: number) => Buffer;
  /** Returns an unpredictable integer from 0 to below `below`. */
  readonly randomInt: (below: number) => number;
  readonly events: TypedEvents<TurnEvents>;
  readonly logger: Logger;
  /** Put around the way in which requests are served that need authentication; nothing when absent. */
  readonly wrapRequests?: WrapRequests | undefined;
  /** Sends from another listener; needed with option `natDiscovery`. */
  readonly sendFrom?: SendFrom | undefined;
  /** The earliest deadline moved: arm one timeout that calls `runTimers`, or none for `undefined`. Monotonic milliseconds. */
  readonly onDeadlineChanged: (deadlineMs: number | undefined) => void;
}

export interface TurnEngineStats {
  readonly allocations: number;
  readonly reservations: number;
  readonly users: number;
  readonly relayPortsTaken: number;
  /** How many connections there are between TCP relays and peers. */
  readonly peerConnections: number;
  readonly timers: number;
  /** How many requests wait for a verifier. */
  readonly waitingRequests: number;
  /** How many sources the answer limit counts. */
  readonly limitedSources: number;
  readonly draining: boolean;
  /** Since the engine was made, as are the counts that follow. */
  readonly allocationsCreated: number;
  readonly allocationsEnded: number;
  readonly requestsGranted: number;
  readonly requestsRefused: number;
  readonly authenticationsRefused: number;
  readonly drops: Partial<Record<DropReason, number>>;
}

/**
 * The TURN server of RFC 8656 without its sockets and clocks: bytes and times come in, calls on the data plane and on client paths go out.
 * Nothing a remote party sends makes it throw.
 */
export class TurnEngine implements DataPlaneSink {
  readonly #state: EngineState;
  readonly #serve: ServeRequest;
  readonly #ports: TurnEnginePorts;
  #announcedMs: number | undefined;
  #stopped = false;

  constructor(state: EngineState, authentication: Omit<AuthenticationPorts, 'resume'>, ports: TurnEnginePorts) {
    this.#state = state;
    const proof: AuthenticationPorts = {
      ...authentication,
      resume: (run) => {
        this.#guarded(() => run(ports.now()));
      },
    };
    const serve: ServeRequest = (request, handler) => serveAuthenticated(request, handler, state, proof);
    this.#serve =
      ports.wrapRequests?.(serve, (request, failure) => {
        refuseAuthentication(request, failure, state, proof);
      }) ?? serve;
    this.#ports = ports;
    this.#announcedMs = undefined;
    this.#guardPorts();
  }

  onClientMessage(client: ClientPath, bytes: Buffer): void {
    this.#guarded(() => this.#receive(client, bytes));
  }

  onPeerData(relay: RelayHandle, peer: TransportAddress, data: Buffer): void {
    this.#guarded(() => handlePeerData(relay, peer, data, this.#ports.now().monotonicMs, this.#state));
  }

  onPeerError(relay: RelayHandle, error: PeerError): void {
    this.#guarded(() => handlePeerError(relay, error, this.#ports.now().monotonicMs, this.#state));
  }

  onRelayClosed(relay: RelayHandle): void {
    this.#guarded(() => {
      relayClosed(this.#state, relay, this.#ports.now().monotonicMs);
      return undefined;
    });
  }

  onClientClosed(client: ClientPath): void {
    this.#guarded(() => {
      for (const request of this.#state.waiting.of(client)) stopWaiting(this.#state, request);
      if (!this.#stopped && survivesClosing(client, this.#state)) return undefined;
      const allocation = this.#state.allocations.ofClient(client.key);
      if (allocation) this.#end(allocation, 'client-closed');
      return undefined;
    });
  }

  onPeerConnected(id: number): void {
    this.#guarded(() => {
      tcpConnected(this.#state, id, this.#ports.now().monotonicMs);
      return undefined;
    });
  }

  onPeerAccepted(relay: RelayHandle, peer: TransportAddress): number | undefined {
    let id: number | undefined;
    this.#guarded(() => {
      if (this.#stopped) return 'stopped';
      const accepted = handlePeerAccepted(relay, peer, this.#ports.now().monotonicMs, this.#state);
      if (!accepted.ok) return accepted.reason;
      ({ id } = accepted);
      return undefined;
    });
    return id;
  }

  onPeerConnectionEnded(id: number): void {
    this.#guarded(() => {
      tcpConnectionEnded(this.#state, id);
      return undefined;
    });
  }

  /** Monotonic milliseconds of the earliest deadline, `undefined` when there is none. */
  get nextDeadlineMs(): number | undefined {
    return this.#state.timers.nextMs;
  }

  /**
   * Frees what has expired by then, and announces the next deadline in any case: a timeout may have fired early. What has expired never
   * counts, whether or not this ran.
   */
  runTimers(now: Now): void {
    this.#announcedMs = undefined;
    this.#guarded(() => {
      this.#state.timers.runDue(now.monotonicMs);
      return undefined;
    });
  }

  sessions(): readonly SessionSnapshot[] {
    return this.#snapshots(this.#state.allocations.all());
  }

  /** A live allocation by its id; `undefined` when there is none. */
  session(id: string): SessionSnapshot | undefined {
    const allocation = this.#state.allocations.ofId(id);
    return allocation && this.#snapshots([allocation])[0];
  }

  #snapshots(all: readonly Allocation[]): readonly SessionSnapshot[] {
    const counters = allocationCounters(this.#state.plane, all);
    const nowMs = this.#ports.now().monotonicMs;
    return all.flatMap((allocation, index) => {
      const own = counters[index];
      const connections = this.#state.tcpConnections.countOf(allocation).all;
      return own ? [sessionSnapshot(allocation, connections, own, nowMs)] : [];
    });
  }

  /** No client may have these of this process as peers, either. */
  addOwnListeners(listeners: readonly TransportAddress[]): void {
    this.#state.policy.addOwnListeners(listeners);
    this.#guardPorts();
    this.#recheckPeers();
  }

  /** Addresses of this machine as canonical IP text or CIDR text, in place of those told before: only live relays are peers there. */
  setHostAddresses(addresses: readonly string[]): void {
    if (this.#state.policy.setHostAddresses(addresses)) this.#recheckPeers();
  }

  /** Replaces the addresses of the core behind the edge, which are no peers. */
  setCoreAddresses(addresses: readonly TransportAddress[]): void {
    const isWider = this.#state.policy.setCoreAddresses(addresses);
    this.#guardPorts();
    if (isWider) this.#recheckPeers();
  }

  /** Ends an allocation by its id. Returns false when there is none. */
  endAllocation(id: string): boolean {
    const allocation = this.#state.allocations.ofId(id);
    if (allocation) this.#endAll([allocation], 'operator');
    return allocation !== undefined;
  }

  /** Ends what a user (u) holds, reservations too, and tells how many allocations that were: what revoking a credential means to the relay. */
  endAllocationsOf(user: string, cause: 'operator' | 'revoked' = 'operator'): number {
    const allocations = this.#state.allocations.ofUser(user);
    this.#dropReservations(user);
    this.#endAll(allocations, cause);
    return allocations.length;
  }

  /** While true, no new allocation is made: clients are sent to another server, or are answered 508. Those that exist go on. */
  set draining(draining: boolean) {
    this.#state.redirection.draining = draining;
  }

  /** Ends everything and gives all ports back. What still arrives is dropped: the plane may be closed by then. */
  stop(): void {
    this.#stopped = true;
    for (const request of this.#state.waiting.all()) stopWaiting(this.#state, request);
    this.#dropReservations();
    this.#endAll(this.#state.allocations.all(), 'stopped');
  }

  stats(): TurnEngineStats {
    const { allocations, reservations, relayPorts, tcpConnections, timers, waiting, answerLimit, redirection, tally } =
      this.#state;
    return {
      allocations: allocations.size,
      reservations: reservations.size,
      users: allocations.users,
      relayPortsTaken: relayPorts.udp.taken + relayPorts.tcp.taken,
      peerConnections: tcpConnections.size,
      timers: timers.size,
      waitingRequests: waiting.size,
      limitedSources: answerLimit.size,
      draining: redirection.draining,
      allocationsCreated: tally.allocationsCreated,
      allocationsEnded: tally.allocationsEnded,
      requestsGranted: tally.requestsGranted,
      requestsRefused: tally.requestsRefused,
      authenticationsRefused: tally.authenticationsRefused,
      drops: tally.drops(),
    };
  }

  #receive(client: ClientPath, bytes: Buffer): DropReason | undefined {
    if (this.#stopped) return 'stopped';
    if (isChannelData(bytes[0] ?? 0)) {
      return arriveFrom(client, undefined, this.#state, bytes) ? undefined : 'unknown-channel';
    }
    const decoded = decodeMessage(bytes, { peers: this.#state.options.allocation.permissions });
    if (!decoded.ok) return decoded.reason;
    const message: StunMessage = decoded.value;
    if (checkFingerprint(message) === 'invalid') return 'bad-fingerprint';

    arriveFrom(client, message, this.#state);
    const request = { client, message, now: this.#ports.now() };
    if (message.messageClass === 'request') return serveRequest(request, this.#state, this.#serve);
    if (message.messageClass !== 'indication') return 'unexpected-class';
    return message.method === Method.Send ? handleSend(request, this.#state) : 'unknown-method';
  }

  #guardPorts(): void {
    this.#state.plane.setGuardedPorts(this.#state.policy.guardedPorts());
  }

  #recheckPeers(): void {
    this.#guarded(() => {
      recheckPeers(this.#state, this.#ports.now().monotonicMs);
      return undefined;
    });
  }

  #endAll(allocations: readonly Allocation[], cause: AllocationEndCause): void {
    this.#guarded(() => {
      for (const allocation of allocations) this.#end(allocation, cause);
      return undefined;
    });
  }

  #end(allocation: Allocation, cause: AllocationEndCause): void {
    endAllocation(this.#state, allocation, cause, this.#ports.now().monotonicMs);
  }

  #dropReservations(user?: string): void {
    for (const reservation of this.#state.reservations.all()) {
      if (user === undefined || reservation.holder.user === user) dropReservation(this.#state, reservation);
    }
  }

  /** The one way in: counts what is dropped, keeps a mistake of ours from the caller's packet loop, and tells of a moved deadline. */
  #guarded(serve: () => DropReason | undefined): void {
    try {
      const reason = serve();
      if (reason) this.#state.tally.drop(reason);
    } catch (error) {
      this.#state.tally.drop('engine-error');
      this.#state.logger.error({ err: error }, 'the TURN engine failed on an input; it was dropped');
    }
    const { nextMs } = this.#state.timers;
    if (nextMs === this.#announcedMs) return;
    this.#announcedMs = nextMs;
    this.#ports.onDeadlineChanged(nextMs);
  }
}

/** Throws `ERR_CONFIG_INVALID` on options that cannot be served, each by its key. */
export function createTurnEngine(options: TurnEngineOptions, ports: TurnEnginePorts): TurnEngine {
  checkEngineOptions(options);
  const allocations = new AllocationTable();
  const families = familiesOf(options.relay.addresses);
  const understood = understoodAttributes(options, ports.verifier);
  const relayPorts = {
    ...options.relay.ports,
    excluded: new Set(options.listeners.map(({ port }) => port)),
    quarantineMs: options.relay.portQuarantineSec * 1000,
    addresses: {
      4: families.filter((family) => family === 4).length,
      6: families.filter((family) => family === 6).length,
    },
  };
  const state: EngineState = {
    options,
    plane: ports.plane,
    allocations,
    reservations: new Reservations(),
    relayPorts: {
      udp: new RelayPorts(relayPorts, ports.randomInt),
      tcp: new RelayPorts(relayPorts, ports.randomInt),
    },
    closing: new Map(),
    ownRelayChannels: new OwnRelayChannels(),
    tcpConnections: new TcpConnections(),
    policy: new PeerPolicy(options, (peer, protocol) => allocations.isRelayed(peer, protocol)),
    pastAllocates: new PastAllocates(),
    waiting: new WaitingRequests(),
    timers: new TimerQueue(),
    onAllocationDue: (allocation, nowMs) => {
      onDeadline(state, allocation, nowMs);
    },
    events: ports.events,
    logger: ports.logger,
    limitedLog: new LimitedLog(ports.logger, HOSTILE_LOG_LIMITS),
    allocationLog: new AllocationLog(ports.logger, () => ports.now().monotonicMs),
    answerLimit: new AnswerLimit(options.answerLimit),
    tally: new Tally(),
    redirection: new Redirection(options.redirect, ports.randomInt),
    natDiscovery: options.natDiscovery && new NatDiscovery(options.natDiscovery, understood),
    sendFrom: ports.sendFrom ?? (() => undefined),
    tickets: options.mobility ? new MobilityTickets(ports.randomBytes(TICKET_KEY_BYTES), ports.randomBytes) : undefined,
    families: new Set(families),
    understood,
    randomBytes: ports.randomBytes,
  };
  const { verifier } = ports;
  const features = securityFeatures(options, verifier);
  const nonces = new Nonces(ports.randomBytes(NONCE_KEY_BYTES), options.nonceLifetimeSec, features.nonceCookie);
  return new TurnEngine(state, { realms: new Realms(options), nonces, verifier, features }, ports);
}

/**
 * Types that are known. RFC 8656 §7.2 step 4 and §11.2: a server that cannot set DF does not know DONT-FRAGMENT. ACCESS-TOKEN (RFC 7635) is known
 * where a verifier takes it.
 */
function understoodAttributes(
  options: { readonly dontFragment: boolean },
  verifier: Pick<CredentialVerifier, 'accessTokensFor'>,
): ReadonlySet<number> {
  const understood = new Set(UNDERSTOOD_TYPES);
  if (options.dontFragment) understood.add(dontFragment.type);
  if (verifier.accessTokensFor !== undefined) understood.add(accessToken.type);
  return understood;
}
