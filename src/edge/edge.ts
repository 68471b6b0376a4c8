import { type IncomingMessage } from 'node:http';
import { type Server } from 'node:https';
import { type Duplex } from 'node:stream';
import { type Clock } from '../core/clock.ts';
import { HOSTILE_LOG_LIMITS, LimitedLog } from '../core/limited-log.ts';
import { type Logger } from '../core/logger.ts';
import { type TypedEvents } from '../core/typed-events.ts';
import { type CredentialIssuer } from '../credentials/credential.ts';
import { type Border } from './border/border.ts';
import { CoreBorder } from './border/core-border.ts';
import { LocalBorder } from './border/local-border.ts';
import { ApplicationServerHop } from './core/application-server-hop.ts';
import { type CoreDestination } from './core/core-destination.ts';
import { type CoreSide } from './core/core-side.ts';
import { isCoreSideName } from './core/external/core-side-names.ts';
import { deregisterLost } from './core/external/deregister-lost.ts';
import { ReregisterAfterOutage } from './core/external/reregister-after-outage.ts';
import { observeCore } from './core/observe-core.ts';
import { createCoreSide } from './create-core-side.ts';
import { CredentialInsertion } from './credential-insertion/credential-insertion.ts';
import { RegisterPath } from './credential-insertion/register-path.ts';
import { Departures, type StopOptions } from './drain/departures.ts';
import { type EdgeDrain } from './drain/edge-drain.ts';
import { type EdgeEvents } from './edge-events.ts';
import { type EdgeDrainOptions, type EdgeOptions } from './edge-options.ts';
import { type EdgeSnapshot } from './edge-snapshot.ts';
import { type ApplicationServer, type EdgeTap } from './edge-tap.ts';
import { EmergencyServices } from './emergency-services.ts';
import { AbuseLog } from './flood/abuse-log.ts';
import { AdmissionControl } from './flood/admission-control.ts';
import { checkCloseFrame, type CloseFrame } from './flow/close-codes.ts';
import { type Flow, type FlowHandlers } from './flow/flow.ts';
import { FlowTable } from './flow/flow-table.ts';
import { FlowTokens } from './flow/flow-token.ts';
import { UpgradeHandler } from './flow/upgrade-handler.ts';
import { HomeDomain } from './home-domain.ts';
import { MessageTracer } from './message-trace.ts';
import { MistakeGuard } from './mistake-guard.ts';
import { Proxy } from './proxy/proxy.ts';
import { TransactionLayer } from './proxy/transaction-layer.ts';
import { type Deregistrations } from './registration/deregistration.ts';
import { observeRegistrations } from './registration/observe-registrations.ts';
import { PassedChallenges } from './registration/passed-challenges.ts';
import { Registrations } from './registration/registrations.ts';
import { TimerDriver } from './timer-driver.ts';
import { HepMirror } from './trace/hep-mirror.ts';

export interface EdgeDependencies {
  /** Without one, every TURN-Cred-Req is answered `error=unsupported`. */
  readonly issuer?: CredentialIssuer;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly events: TypedEvents<EdgeEvents>;
  readonly tap?: EdgeTap | undefined;
  readonly applicationServer?: ApplicationServer | undefined;
  /** Hears where a core outside is each time its names stand for other places. */
  readonly corePlacesChanged?: ((places: readonly CoreDestination[]) => void) | undefined;
  /** `message` events carry the text of the message, secrets masked. */
  readonly messageText?: boolean | undefined;
}

/** The eP-CSCF edge. It opens no port: an HTTPS server, which may serve pages too, hands its upgrades over. */
export class Edge {
  readonly #dependencies: EdgeDependencies;
  readonly #limitedLog: LimitedLog;
  readonly #guard: MistakeGuard;
  readonly #abuseLog: AbuseLog;
  readonly #admission: AdmissionControl;
  readonly #timers: TimerDriver;
  readonly #flows: FlowTable;
  readonly #upgrades: UpgradeHandler;
  readonly #registrations: Registrations;
  readonly #layer: TransactionLayer;
  readonly #departures: Departures;
  readonly #proxy: Proxy;
  readonly #applicationServer: ApplicationServerHop | undefined;
  readonly #mirror: HepMirror | undefined;
  readonly #coreSide: CoreSide;
  readonly #deregistrations: Deregistrations | undefined;
  readonly #reregistration: ReregisterAfterOutage | undefined;
  #drain: EdgeDrain<Flow> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: EdgeOptions, dependencies: EdgeDependencies) {
    const { clock, events, logger, issuer, tap, messageText } = dependencies;
    const { limits } = options;
    this.#dependencies = dependencies;
    this.#limitedLog = new LimitedLog(logger, HOSTILE_LOG_LIMITS);
    this.#guard = new MistakeGuard(this.#limitedLog, clock);
    this.#abuseLog = new AbuseLog(logger, this.#nowMs);
    const timers = new TimerDriver(clock, (error) => {
      this.#guard.report(error);
    });
    const home = new HomeDomain(options.domain);
    this.#mirror = options.trace?.hep && new HepMirror(options.trace.hep, { clock, limitedLog: this.#limitedLog });
    const tracer = new MessageTracer(events, clock, { withText: messageText, mirror: this.#mirror });
    const flows = new FlowTable(limits);
    this.#timers = timers;
    this.#flows = flows;
    const outside = options.core.kind === 'external' ? options.core : undefined;
    const tokens = new FlowTokens(outside?.flowTokenKey);
    this.#admission = new AdmissionControl({
      limits,
      home,
      clock,
      events,
      log: this.#abuseLog,
      findGuarded: (id) => flows.findOpen(id),
    });
    const challenges = new PassedChallenges();
    this.#registrations = new Registrations({
      handleOf: (registrationId) => tokens.handleOf(registrationId),
      challenges,
      clock,
      timers,
      maxLapsed: limits.connections,
      maxPerFlow: limits.contactsPerFlow,
      on: observeRegistrations({
        events,
        logger,
        issuer,
        changed: ({ id }) => {
          const flow = flows.findOpen(id);
          if (flow) flows.setRegistered(flow, this.#registrations.count(flow) > 0);
        },
        deregistrations: () => this.#deregistrations,
      }),
    });
    const defer = (run: () => void): void => {
      this.#guard.defer(run);
    };
    this.#applicationServer = this.#connectApplicationServer(home.name);
    this.#layer = new TransactionLayer({ options: options.transaction, limits, clock, timers, tracer, tap, defer });
    const registrations = this.#registrations;
    this.#departures = new Departures({ flows, layer: this.#layer, registrations, clock, timers });
    const border = outside && new CoreBorder({ options: outside, home, registrations, challenges, tokens });
    const coreSide = this.#createCoreSide(options, home, border ?? new LocalBorder());
    this.#coreSide = coreSide;
    this.#deregistrations =
      border && deregisterLost({ options: outside, border, home, registrations, clock, timers, coreSide });
    this.#reregistration = outside?.reregisterAfterOutage
      ? new ReregisterAfterOutage({
          options: outside,
          clock,
          timers,
          logger,
          events,
          cores: () => coreSide.cores ?? [],
          sendAway: (sinceMs, times) => this.#departures.sendToRegister(sinceMs, times),
        })
      : undefined;
    const { retryAfterSec } = options.transaction;
    const insertion = new CredentialInsertion({
      options: options.credential,
      maxUsers: limits.connections,
      retryAfterSec,
      issuer,
      clock,
      events,
    });
    this.#proxy = new Proxy({
      home,
      parseLimits: { maxHeaders: limits.headerCount, maxLineBytes: limits.lineBytes },
      layer: this.#layer,
      core: this.#coreSide.core,
      border: this.#coreSide.border,
      tokens,
      admission: this.#admission,
      emergency: new EmergencyServices(options.emergency ?? { numbers: [], uris: [] }, home, limits.sources),
      registrations,
      registerPath: new RegisterPath({
        home,
        registrations,
        insertion,
        events,
        maxContacts: limits.contactsPerFlow,
        removalsAreReported: coreSide.core.reportsRemovals === true,
      }),
      insertion,
      tracer,
      events,
      tap,
      findHop: (id) => flows.findOpen(id) ?? this.#findApplicationServer(id),
      isCoreSide: outside && ((uri) => isCoreSideName(uri, coreSide.addresses, outside.listen.publicHost)),
    });
    const flowContext = {
      self: {
        sentBy: { host: home.name },
        transport: 'ws',
        tokens: true,
        otherNames: new Set(options.publicHosts),
      } as const,
      limits,
      keepalive: options.keepalive,
      clock,
      timers,
      handlers: this.#flowHandlers(),
      isInCall: (flow: Flow) => this.#layer.isInCall(flow),
    };
    this.#upgrades = new UpgradeHandler({
      options,
      flows,
      flowContext,
      events,
      logger,
      abuseLog: this.#abuseLog,
      admission: this.#admission,
      clock,
    });
  }

  /**
   * Opens the listeners on the core's side, if the core is outside. Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE,
   * ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED.
   */
  async start(): Promise<void> {
    await this.#coreSide.start();
  }

  /** Where a core outside reaches the edge; empty with the embedded one, and unless started. */
  get coreAddresses(): readonly CoreDestination[] {
    return this.#coreSide.addresses;
  }

  /** What the edge shows a core outside by TLS from now on. Throws ERR_CERTIFICATE_UNREADABLE, and then keeps the old pair. */
  setCoreCertificate(pair: { readonly cert: string; readonly key: string }): void {
    this.#coreSide.setTlsContext?.(pair);
  }

  /** Takes the server's WebSocket upgrades; `onOpened` hears of those that were let in. Returns a function that lets go of it. */
  attach(server: Server, onOpened?: (socket: Duplex) => void): () => void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.handleUpgrade(request, socket, head)) onOpened?.(socket);
    };
    server.on('upgrade', onUpgrade);
    return () => {
      server.off('upgrade', onUpgrade);
    };
  }

  /** Whether the socket is a WebSocket now; otherwise it is answered, and ends. */
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
      registrations: this.#registrations.all.map(({ registrationId, aor, contactUri, hop, expiresAtMs }) => {
        const expiresSec = Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000));
        return { registrationId, aor, contactUri, flowId: hop.id, expiresSec };
      }),
      transactions: this.#layer.size,
      timers: this.#timers.size,
      ...(this.#coreSide.cores && { cores: this.#coreSide.cores }),
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

  /** Whether somebody can be registered: an address of a core outside has answered, and is not known to be down since; the core inside is there always. */
  get isCoreThere(): boolean {
    const { cores } = this.#coreSide;
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
   * Refuses new connections from here on and sends all clients elsewhere (close code 1012), one after the other. Resolves when that is
   * done, or is cut short by `stop`, which must follow in any case. A second call changes nothing.
   */
  drain(options: EdgeDrainOptions): Promise<void> {
    this.#upgrades.stop();
    this.#deregistrations?.stop();
    this.#reregistration?.stop();
    this.#drain ??= this.#departures.drain(options);
    return this.#drain.done;
  }

  /** Refuses new connections and closes all others; resolves when they are gone. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  async #stop(options: StopOptions): Promise<void> {
    this.#upgrades.stop();
    this.#deregistrations?.stop();
    this.#reregistration?.stop();
    this.#drain?.abort();
    this.#applicationServer?.close();
    await this.#departures.closeAll(options);
    await this.#coreSide.stop();
    this.#timers.clear();
    this.#mirror?.close();
  }

  get #nowMs(): number {
    return this.#dependencies.clock.now().monotonicMs;
  }

  #createCoreSide(options: EdgeOptions, home: HomeDomain, border: Border): CoreSide {
    const { clock, events, logger, corePlacesChanged } = this.#dependencies;
    return createCoreSide(options, {
      placesChanged: corePlacesChanged,
      home,
      border,
      clock,
      timers: this.#timers,
      logger,
      limitedLog: this.#limitedLog,
      events,
      transactions: this.#layer,
      observer: observeCore(events, this.#admission, this.#registrations),
      applicationServer: this.#applicationServer,
      receive: (bytes, hop) => {
        this.#guard.run(() => {
          this.#proxy.receive(bytes, hop);
        });
      },
      hopClosed: (hop) => {
        this.#guard.defer(() => {
          this.#proxy.hopClosed(hop);
        });
      },
      defer: (run) => {
        this.#guard.defer(run);
      },
      isStopping: () => this.#stopped !== undefined || this.#drain !== undefined,
    });
  }

  #connectApplicationServer(domain: string): ApplicationServerHop | undefined {
    const { applicationServer } = this.#dependencies;
    return (
      applicationServer &&
      new ApplicationServerHop(applicationServer, domain, {
        receive: (bytes, hop) => {
          this.#proxy.receive(bytes, hop);
        },
        defer: (run) => {
          this.#guard.defer(run);
        },
      })
    );
  }

  #findApplicationServer(hopId: string): ApplicationServerHop | undefined {
    const hop = this.#applicationServer;
    return hop?.id === hopId && hop.isOpen ? hop : undefined;
  }

  #flowHandlers(): FlowHandlers {
    const { events, logger } = this.#dependencies;
    return {
      message: (flow, bytes) => this.#guard.run(() => this.#proxy.receive(bytes, flow), flow) === true,
      closed: (flow, cause, code) => {
        logger.debug({ flowId: flow.id, cause, code }, 'flow closed');
        events.emit('flow-closed', { flowId: flow.id, cause, code });
        // A flow can close while a transaction is sending on it.
        this.#guard.defer(() => {
          this.#proxy.hopClosed(flow);
          this.#layer.forget(flow);
        }, flow);
      },
      released: (flow) => {
        this.#flows.delete(flow);
        this.#departures.released();
      },
      limited: (flow, cause) => {
        const fields = { remoteAddress: flow.facts.remoteAddress, cause, flowId: flow.id };
        this.#abuseLog.write('limit reached', fields, this.#nowMs);
        events.emit('limited', { flowId: flow.id, cause });
      },
    };
  }
}

export function createEdge(options: EdgeOptions, dependencies: EdgeDependencies): Edge {
  return new Edge(options, dependencies);
}
