import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type Clock } from '../base/clock.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { EndOfTurn } from '../base/end-of-turn.ts';
import { HOSTILE_LOG_LIMITS, LimitedLog } from '../base/limited-log.ts';
import { type Logger } from '../base/logger.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type AccessTokenIssuer, type CredentialIssuer } from '../credentials/credential.ts';
import { type KeySource } from '../credentials/signing-keys.ts';
import { buildCore, type EdgeCore } from './build-core.ts';
import { buildProxy } from './build-proxy.ts';
import { buildSignIn, type SignInPorts } from './build-sign-in.ts';
import { buildState, type EdgeState } from './build-state.ts';
import { type CoreDestination } from './core/core-destination.ts';
import { ConnectionDrain, type StopOptions } from './drain/connection-drain.ts';
import { type EdgeDrain } from './drain/edge-drain.ts';
import { type EdgeEvents } from './edge-events.ts';
import { type EdgeDrainOptions, type EdgeOptions } from './edge-options.ts';
import { type EdgeSnapshot } from './edge-snapshot.ts';
import { type EdgeWrap } from './edge-wrap.ts';
import { checkCloseFrame, type CloseFrame } from './flow/close-codes.ts';
import { type Flow, type FlowHandlers } from './flow/flow.ts';
import { FlowTable } from './flow/flow-table.ts';
import { UpgradeHandler } from './flow/upgrade-handler.ts';
import { Inbound } from './inbound.ts';
import { MessageTracer } from './message-trace.ts';
import { MistakeGuard } from './mistake-guard.ts';
import { findNamedUser, type NamedUser } from './registration/named-user.ts';
import { type Registration } from './registration/registration.ts';
import { TimerDriver } from './timer-driver.ts';
import { HepMirror } from './trace/hep-mirror.ts';
import { type WebFetch } from './web-identity/web-fetch.ts';

export interface EdgeDependencies {
  /** Without one, every TURN-Cred-Req is answered `error=unsupported`. */
  readonly issuer?: CredentialIssuer;
  /** Without one, only those of kind `oauth` are. */
  readonly tokenIssuer?: AccessTokenIssuer | undefined;
  readonly logger: Logger;
  /** Lines for programs that ban addresses. */
  readonly abuseLog: AbuseLog;
  readonly clock: Clock;
  readonly events: TypedEvents<EdgeEvents>;
  readonly wrap?: EdgeWrap | undefined;
  /** Called with the addresses of an external core each time its names resolve to others. */
  readonly coreDestinationsChanged?: ((destinations: readonly CoreDestination[]) => void) | undefined;
  /** Asks authorization servers elsewhere; needed if `webIdentity` names one. */
  readonly webFetch?: WebFetch | undefined;
  /** Keys of the authorization server in this process; needed if `webIdentity` names it. */
  readonly localKeys?: KeySource | undefined;
  /** `message` events carry the text of the message, secrets masked. */
  readonly messageText?: boolean | undefined;
}

/** The eP-CSCF edge. It opens no port: an HTTPS server, which may serve pages too, hands its upgrades over. */
export class Edge {
  readonly #dependencies: EdgeDependencies;
  readonly #guard: MistakeGuard;
  readonly #abuseLog: AbuseLog;
  readonly #timers: TimerDriver;
  readonly #mirror: HepMirror | undefined;
  readonly #flows: FlowTable;
  readonly #state: EdgeState;
  readonly #connectionDrain: ConnectionDrain;
  readonly #core: EdgeCore;
  readonly #upgrades: UpgradeHandler;
  #drain: EdgeDrain<Flow> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: EdgeOptions, dependencies: EdgeDependencies) {
    const { clock, events, logger, abuseLog, messageText } = dependencies;
    const { limits, keepalive } = options;
    const limitedLog = new LimitedLog(logger, HOSTILE_LOG_LIMITS);
    this.#dependencies = dependencies;
    this.#guard = new MistakeGuard(limitedLog, clock);
    this.#abuseLog = abuseLog;
    const timers = new TimerDriver(clock, (error) => {
      this.#guard.report(error);
    });
    this.#mirror = options.trace?.hep && new HepMirror(options.trace.hep, { clock, limitedLog });
    const flows = new FlowTable(limits);
    this.#timers = timers;
    this.#flows = flows;
    const ports = {
      ...dependencies,
      timers,
      limitedLog,
      tracer: new MessageTracer(events, clock, { withText: messageText, mirror: this.#mirror }),
      findFlow: (id) => flows.findOpen(id),
      defer: (run) => {
        this.#guard.defer(run);
      },
      run: (work) => {
        this.#guard.run(work);
      },
    } satisfies SignInPorts;
    const inbound = new Inbound(this.#guard);
    this.#state = buildState(options, ports);
    const { home, registrations, admission, layer } = this.#state;
    const mark = ({ hop }: Registration): void => {
      const flow = flows.findOpen(hop.id);
      if (flow) flows.setRegistered(flow, registrations.count(flow) > 0);
    };
    registrations.observe({
      registered: (registration, refresh) => {
        if (!refresh) mark(registration);
      },
      unregistered: mark,
    });
    this.#connectionDrain = new ConnectionDrain({ flows, layer, registrations, clock, timers });
    this.#core = buildCore(options, this.#state, {
      ...ports,
      inbound,
      sendAway: (sinceMs, times) => this.#connectionDrain.sendToRegister(sinceMs, times),
      closeFlow: (hop, cause) => flows.findOpen(hop.id)?.close(cause),
      isStopping: () => this.#stopped !== undefined || this.#drain !== undefined,
    });
    const signIn = buildSignIn(options, this.#state, this.#core, ports);
    inbound.connect(buildProxy(options, this.#state, this.#core.side, ports, signIn));
    const self = {
      sentBy: { host: home.name },
      transport: 'ws',
      tokens: true,
      otherNames: new Set(options.publicHosts),
    } as const;
    const handlers = this.#flowHandlers(inbound);
    const isInCall = (flow: Flow): boolean => layer.isInCall(flow);
    this.#upgrades = new UpgradeHandler({
      options,
      flows,
      flowContext: { self, limits, keepalive, clock, timers, endOfTurn: new EndOfTurn(), handlers, isInCall },
      events,
      logger,
      abuseLog: this.#abuseLog,
      admission,
      clock,
    });
  }

  /**
   * Opens the listeners on the core's side, if the core is outside. Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE,
   * ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED.
   */
  async start(): Promise<void> {
    await this.#core.side.start();
  }

  /** Where a core outside reaches the edge; empty with the embedded one, and unless started. */
  get coreAddresses(): readonly CoreDestination[] {
    return this.#core.side.addresses;
  }

  /** What the edge shows a core outside by TLS from now on. Throws ERR_CERTIFICATE_UNREADABLE, and then keeps the old pair. */
  setCoreCertificate(pair: KeyPair): void {
    this.#core.side.setTlsContext?.(pair);
  }

  /** Takes the upgrade request of an HTTP server. Returns whether the socket is a WebSocket now; otherwise it is answered, and ends. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    try {
      return this.#upgrades.handleUpgrade(request, socket, head);
    } catch (error) {
      this.#guard.report(error);
      socket.destroy();
      return false;
    }
  }

  snapshot(): EdgeSnapshot {
    const nowMs = this.#nowMs;
    return {
      flows: [...this.#flows.all].map(({ facts: { id, remoteAddress, origin, secure } }) => {
        return { id, remoteAddress, origin, secure };
      }),
      registrations: this.#state.registrations.all.map(({ registrationId, aor, contactUri, hop, expiresAtMs }) => {
        const expiresSec = Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000));
        return { registrationId, aor, contactUri, flowId: hop.id, expiresSec };
      }),
      transactions: this.#state.layer.size,
      timers: this.#timers.size,
      ...(this.#core.side.cores && { cores: this.#core.side.cores }),
      ...(this.#mirror && { hep: this.#mirror.counters }),
    };
  }

  /**
   * Closes a WebSocket, with code 1000 unless told otherwise, or cuts its connection without a word. False when no such flow is open. Throws
   * ERR_INVALID_ARGUMENT for a code or reason that may not be sent.
   */
  closeFlow(flowId: string, how: CloseFrame | 'cut' = {}): boolean {
    if (how !== 'cut') checkCloseFrame(how, 'closeFlow');
    const flow = this.#flows.findOpen(flowId);
    if (how === 'cut') flow?.cut('operator');
    else flow?.close('operator', how);
    return flow !== undefined;
  }

  /**
   * Ends a registration, and tells the core; its client hears nothing of it, and may register again. False when there is none of that id, neither
   * standing nor waiting for its client to come back.
   */
  endRegistration(registrationId: string): boolean {
    const { registrations } = this.#state;
    if (!registrations.has(registrationId)) return false;
    this.#core.deregistrations.hasten(registrationId);
    registrations.end(registrationId, 'operator');
    return true;
  }

  /** Whom an operator means by a public or private identity, or by its user part. */
  findUser(text: string): NamedUser {
    const { home, registrations } = this.#state;
    return findNamedUser(text, home.name, registrations);
  }

  /** Whether clients can register: an address of a core outside has answered, and is not known to be down since. Always true of the core inside. */
  get isCoreThere(): boolean {
    const { cores } = this.#core.side;
    return (
      cores === undefined ||
      cores.some(({ state, configured }) => configured && (state === 'up' || state === 'suspect'))
    );
  }

  /** WebSockets whose connection is not gone yet. */
  get connections(): number {
    return this.#flows.size;
  }

  /**
   * Refuses new connections from here on and closes all clients for a restart (1012), one after the other. Resolves when that is
   * done, or is cut short by `stop`, which must follow in any case. A second call changes nothing.
   */
  drain(options: EdgeDrainOptions): Promise<void> {
    this.#takeNothingNew();
    this.#drain ??= this.#connectionDrain.drain(options);
    return this.#drain.done;
  }

  /** Refuses new connections and closes all others; resolves when they are gone. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  async #stop(options: StopOptions): Promise<void> {
    this.#takeNothingNew();
    this.#drain?.abort();
    await this.#connectionDrain.closeAll(options);
    await this.#core.side.stop();
    this.#timers.clear();
    this.#mirror?.close();
  }

  get #nowMs(): number {
    return this.#dependencies.clock.now().monotonicMs;
  }

  #takeNothingNew(): void {
    this.#upgrades.stop();
    for (const task of this.#core.tasks) task.stop();
  }

  #flowHandlers(inbound: Inbound): FlowHandlers {
    const { events, logger } = this.#dependencies;
    return {
      message: (flow, bytes) => inbound.receive(bytes, flow),
      closed: (flow, cause, code) => {
        logger.debug({ flowId: flow.id, cause, code }, 'flow closed');
        events.emit('flow-closed', { flowId: flow.id, cause, code });
        inbound.closed(flow);
      },
      released: (flow) => {
        this.#flows.delete(flow);
        this.#connectionDrain.released();
      },
      limited: (flow, cause) => {
        const fields = { remoteAddress: flow.facts.remoteAddress, cause, flowId: flow.id };
        this.#abuseLog.write('limit reached', fields, this.#nowMs);
        events.emit('limited', { flowId: flow.id, cause });
      },
    };
  }
}
