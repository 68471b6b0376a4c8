import { setTimeout as sleep } from 'node:timers/promises';
import { loadSecrets, type LoadedSecrets } from '../config/secrets.ts';
import { parseConfig } from '../config/load.ts';
import { type Config, type ConfigInput } from '../config/schema/tree.ts';
import { startupWarnings } from '../config/warnings.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { type Logger } from '../base/logger.ts';
import { type Secret } from '../base/secret.ts';
import { TypedEvents } from '../base/typed-events.ts';
import { type StopOptions } from '../edge/drain/connection-drain.ts';
import { type CloseFrame } from '../edge/flow/close-codes.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { adaptToHost, hasIpv6Loopback } from './host-adaptation.ts';
import { createLogger } from './logger.ts';
import { pinPorts } from './pinned-ports.ts';
import { publicUrls } from './public-urls.ts';
import { type DrainOptions, drainParts, type DrainProgress, drainTimes } from './server-drain.ts';
import { serverFacts } from './server-facts.ts';
import { ServerParts } from './server-parts.ts';
import {
  type CredentialRevoked,
  type RestartOptions,
  type RevokeUserOptions,
  type ServerAddresses,
  type ServerEvents,
  type ServerFacts,
  type ServerOptions,
  type ServerSecrets,
  type ServerSnapshot,
  type UserRevoked,
} from './server-types.ts';
import { type ServerWrap } from './server-wrap.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { createAccessTokens } from './access-tokens.ts';
import { Revoker } from './revoker.ts';
import { createSharedKey } from './shared-key.ts';
import { turnUris } from './turn-uris.ts';
import { type SessionSnapshot, type UserUsage } from '../turn/engine/observe/session-snapshot.ts';

/** Longest pause of a restart: a timer of Node holds a signed 32-bit number of milliseconds. */
const MAX_DOWN_MS = 0x7fff_ffff;

type ServerMeans = Required<Pick<ServerOptions, 'logger' | 'clock'>>;

/** Edge and TURN server in one process, or either alone, as configured. */
export class Server {
  readonly facts: ServerFacts;
  /** Resolves when a part has failed for good, such as a thread of the data plane; the server is stopping then. Pending as long as all is well. */
  readonly failure: Promise<Error>;
  readonly #secrets: ServerSecrets;
  #fail: (error: Error) => void = () => undefined;
  readonly #events: TypedEvents<ServerEvents>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #wrap: ServerWrap = {};
  #state: 'stopped' | 'starting' | 'stopping' | 'restarting' | 'running' | 'draining' = 'stopped';
  /** Ends the time that a restart stays down. */
  #pause: AbortController | undefined;
  #starting: Promise<ServerAddresses> | undefined;
  #stopping: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  /** Ends the waiting of a drain. */
  #skipDrain: AbortController | undefined;
  readonly #revoker: Revoker;
  /** The running parts; `undefined` while the server is stopped. */
  #parts: ServerParts | undefined;
  readonly #certificates: readonly CertificateWatch[];
  /** The pair that was read again since its files have changed. */
  #certificate: KeyPair | undefined;
  #coreCertificate: KeyPair | undefined;

  /** Internal: use `createServer`. */
  constructor(config: Config, secrets: LoadedSecrets, { logger, clock }: ServerMeans) {
    this.failure = new Promise((resolve) => {
      this.#fail = (error) => {
        resolve(error);
        void this.stop();
      };
    });
    this.#events = new TypedEvents((error) => {
      logger.error({ err: error }, 'a listener of a server event threw');
    });
    this.#revoker = new Revoker({ config, logger, clock, events: this.#events, parts: () => this.#parts });
    const revoke = (entry: Revocation): void => {
      this.#revoker.revoke(entry);
    };
    const sharedKey = createSharedKey(config, secrets, revoke);
    this.#secrets = { loaded: secrets, sharedKey, accessTokens: createAccessTokens(config, secrets, revoke) };
    this.facts = serverFacts(config, this.#secrets);
    this.#logger = logger;
    this.#clock = clock;
    const watch = { config, logger, clock };
    this.#certificates = [
      new CertificateWatch({
        ...watch,
        section: 'tls',
        certificate: secrets.certificate,
        apply: this.#useCertificate,
      }),
      new CertificateWatch({
        ...watch,
        section: 'edge.core.tls',
        certificate: secrets.core?.certificate,
        apply: this.#useCoreCertificate,
      }),
    ];
  }

  /** Adds a listener. Returns a function that removes it. */
  on<Name extends keyof ServerEvents>(name: Name, listener: (event: ServerEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Opens everything or nothing. Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED with one
   * line that says which listener and what to do; ERR_INVALID_STATE when it runs already.
   */
  async start(): Promise<ServerAddresses> {
    if (this.#state !== 'stopped') throw new EpcscfTurnError('ERR_INVALID_STATE', `server: is ${this.#state}`);
    this.#state = 'starting';
    this.#starting = this.#open(this.facts.config);
    return this.#starting;
  }

  /**
   * Stops, sending clients straight back (close code 1012), stays down for `downMs`, and starts again on the very ports it had, also those
   * that the system chose. Keys and users stay; registrations and allocations are gone. Emits `stopped` and `ready`. Throws
   * ERR_INVALID_STATE when the server does not run, or is stopped meanwhile; what `start()` throws when it cannot open its ports again, and
   * the server is then stopped.
   */
  async restart({ downMs = 0 }: RestartOptions = {}): Promise<ServerAddresses> {
    if (!(downMs >= 0 && downMs <= MAX_DOWN_MS)) {
      throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `restart: expected downMs 0-${MAX_DOWN_MS}, got ${downMs}`);
    }
    if (this.#state !== 'running') throw new EpcscfTurnError('ERR_INVALID_STATE', `server: is ${this.#state}`);
    this.#state = 'restarting';
    this.#starting = this.#reopen(downMs);
    return this.#starting;
  }

  /**
   * Tells the clients, ends what is live and frees all ports; a no-op when stopped. Waits for a start that is under way; further calls
   * resolve with the first.
   */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stopOnce().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /**
   * Drains and stops the server, for an upgrade or a smaller fleet: `/healthz` says 503 and new WebSockets are refused with 503 at once; those that
   * are open are closed with 1012 (come back: another node should answer) over a window, those in a transaction or a call last; then
   * allocations are waited for. Where nobody is connected it is as quick as `stop()`, which also cuts it short. Emits `draining`, then
   * `stopped`; resolves when that is done, at the second call too. A no-op when stopped. Throws ERR_INVALID_ARGUMENT.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    const times = drainTimes(this.facts.config, options);
    this.#draining ??= this.#drainOnce(times).finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Addresses of the running server; empty while it is stopped. */
  get addresses(): ServerAddresses {
    const https = this.#parts?.https?.addresses ?? [];
    const turn = this.#parts?.turn?.addresses ?? [];
    const core = this.#parts?.edge?.coreAddresses ?? [];
    return {
      ...publicUrls(this.facts.config, https),
      https,
      turn,
      ...(core.length > 0 && { core }),
      turnUris: https.length + turn.length > 0 ? turnUris(this.facts.config, turn, https) : [],
    };
  }

  /** The state of the running server; empty while it is stopped. */
  snapshot(): ServerSnapshot {
    const turn = this.#parts?.turn?.stats();
    const edge = this.#parts?.edge?.snapshot();
    return {
      flows: edge?.flows ?? [],
      registrations: edge?.registrations ?? [],
      allocations: this.sessions(),
      stats: {
        ...(turn && { turn }),
        ...(edge && {
          edge: { transactions: edge.transactions, timers: edge.timers, ...(edge.hep && { hep: edge.hep }) },
        }),
      },
    };
  }

  /**
   * Closes a WebSocket, with code 1000 unless told otherwise, or cuts its connection without a word; `flow-closed` then has the cause
   * `operator`. False when no such flow is open. Throws ERR_INVALID_ARGUMENT for a code or reason that may not be sent.
   */
  closeFlow(flowId: string, how: CloseFrame | 'cut' = {}): boolean {
    return this.#parts?.edge?.closeFlow(flowId, how) ?? false;
  }

  /** The live allocations, with the counters of the moment. */
  sessions(): readonly SessionSnapshot[] {
    return this.#parts?.turn?.sessions() ?? [];
  }

  /** A live allocation by its `allocationId`; `undefined` when there is none. */
  session(allocationId: string): SessionSnapshot | undefined {
    return this.#parts?.turn?.session(allocationId);
  }

  /** What each user (u, the TURN name) with an allocation holds, and what has passed through it. */
  users(): readonly UserUsage[] {
    return this.#parts?.turn?.users() ?? [];
  }

  /**
   * Ends a registration by its `registrationId`, as the operator's decision, and tells the core. Its client hears nothing of it, and may register again. False
   * when nothing of such a registration is left.
   */
  endRegistration(registrationId: string): boolean {
    return this.#parts?.edge?.endRegistration(registrationId) ?? false;
  }

  /** Ends an allocation by its `allocationId`. Returns false when there is none. */
  endAllocation(allocationId: string): boolean {
    return this.#parts?.turn?.endAllocation(allocationId) ?? false;
  }

  /**
   * Revokes what a user holds that this edge has handed out and that is still good. `user` is a public or private identity, or the user part of one:
   * `sip:alice@example.com`, `alice@example.com`, `alice`, `tel:+4930123`. Ends the allocations, here and on all relays that share revocations.
   * Throws ERR_INVALID_STATE where neither an edge nor an authorization server runs.
   */
  revokeUser(user: string, options: RevokeUserOptions = {}): UserRevoked {
    return this.#revoker.revokeUser(user, options);
  }

  /**
   * Revokes the tokens for the TURN server that a client of the authorization server here (`oauth.clients[].id`) has got, and ends their allocations. The client
   * may get others: take it out of the configuration first.
   */
  revokeClient(client: string): UserRevoked {
    return this.#revoker.revokeClient(client);
  }

  /**
   * Denies a TURN name (u, or the whole USERNAME) until `untilSec`, the end of its credentials in UNIX seconds, and ends its allocations. By default until
   * the end that is known here, or for the longest life that a credential can have.
   */
  revokeName(name: string, untilSec?: number): CredentialRevoked {
    return this.#revoker.revokeName(name, untilSec);
  }

  /** The TURN names that are denied, in the order in which they were revoked. */
  revokedNames(): readonly Revocation[] {
    return this.#revoker.revokedNames();
  }

  /** Ends all allocations of a user (u, the TURN name). Returns how many there were. */
  endAllocationsOf(user: string): number {
    return this.#parts?.turn?.endAllocationsOf(user) ?? 0;
  }

  /**
   * The TURN server makes no new allocation from here on: clients are sent to one of `turn.alternateServers`, or are answered 508. Allocations
   * that exist go on; `snapshot().stats.turn` tells how many are left. Until `resumeTurn()`, a restart or a stop. False without a TURN
   * server that runs.
   */
  drainTurn(): boolean {
    return this.#parts?.turn?.drain() ?? false;
  }

  /** The TURN server takes new allocations again. False without a TURN server that runs. */
  resumeTurn(): boolean {
    return this.#parts?.turn?.resume() ?? false;
  }

  async #reopen(downMs: number): Promise<ServerAddresses> {
    const config = pinPorts(this.facts.config, this.addresses);
    const pause = new AbortController();
    this.#pause = pause;
    await this.#close({ restart: true });
    this.#events.emit('stopped', {});
    await sleep(downMs, undefined, { signal: pause.signal }).catch(() => undefined);
    if (pause.signal.aborted) {
      this.#state = 'stopped';
      throw new EpcscfTurnError('ERR_INVALID_STATE', 'restart: the server was stopped meanwhile');
    }
    return this.#open(config);
  }

  async #open(config: Config): Promise<ServerAddresses> {
    const { sharedKey, accessTokens } = this.#secrets;
    try {
      this.#parts = new ServerParts({
        config,
        secrets: this.#loadedSecrets,
        sharedKey,
        revoker: this.#revoker,
        accessTokens,
        wrap: this.#wrap,
        logger: this.#logger,
        clock: this.#clock,
        events: this.#events,
        isReady: () => this.#state === 'running',
        onFailed: this.#fail,
      });
      await this.#parts.open();
    } catch (error) {
      this.#parts = undefined;
      this.#state = 'stopped';
      throw error;
    }
    await Promise.all(this.#certificates.map((watch) => watch.start()));
    this.#state = 'running';
    const { addresses } = this;
    this.#events.emit('ready', addresses);
    return addresses;
  }

  async #drainOnce(times: Required<DrainOptions>): Promise<void> {
    await this.#starting?.catch(() => undefined);
    if (this.#state === 'running') {
      this.#state = 'draining';
      this.#skipDrain = new AbortController();
      const { signal } = this.#skipDrain;
      const tell = (progress: DrainProgress): void => {
        this.#events.emit('draining', progress);
      };
      await drainParts({
        edge: this.#parts?.edge,
        turn: this.#parts?.turn,
        times,
        clock: this.#clock,
        logger: this.#logger,
        tell,
        signal,
      });
    }
    await this.stop();
  }

  async #stopOnce(): Promise<void> {
    this.#pause?.abort();
    this.#skipDrain?.abort();
    // The caller of `start` hears of a failure.
    await this.#starting?.catch(() => undefined);
    const drained = this.#state === 'draining';
    if (this.#state !== 'running' && !drained) return;
    this.#state = 'stopping';
    await this.#close({ restart: drained });
    this.#state = 'stopped';
    this.#events.emit('stopped', {});
  }

  /** For this package alone: the package exports `Server` as a type, and no type leads here. */
  static secretsOf(server: Server): ServerSecrets {
    return server.#secrets;
  }

  /** For this package alone, like `secretsOf`: sets what each further start of the server puts around its parts. */
  static wrap(server: Server, wrap: ServerWrap): void {
    server.#wrap = wrap;
  }

  /** Sets the certificate for new connections. Open connections go on. */
  readonly #useCertificate = (certificate: KeyPair): void => {
    this.#parts?.useCertificate(certificate);
    this.#certificate = certificate;
  };

  readonly #useCoreCertificate = (certificate: KeyPair): void => {
    this.#parts?.useCoreCertificate(certificate);
    this.#coreCertificate = certificate;
  };

  /** What was loaded, with the certificates that have been read again since. */
  get #loadedSecrets(): LoadedSecrets {
    const { loaded } = this.#secrets;
    const core = loaded.core && this.#coreCertificate && { ...loaded.core, certificate: this.#coreCertificate };
    return { ...loaded, ...(this.#certificate && { certificate: this.#certificate }), ...(core && { core }) };
  }

  async #close(options: StopOptions = {}): Promise<void> {
    for (const watch of this.#certificates) watch.stop();
    await this.#parts?.close(options);
    this.#parts = undefined;
  }
}

/**
 * Checks the configuration, reads or makes the secrets it needs, and builds a server that `start()` opens. An empty object is a lab on
 * loopback. Throws ERR_CONFIG_INVALID, ERR_CONFIG_UNREADABLE, ERR_CERTIFICATE_UNREADABLE or ERR_STATE_DIR_UNUSABLE.
 *
 * @example
 * const server = await createServer({ edge: { enabled: false }, credentials: { secret: process.env.KM } });
 * server.on('allocation-created', ({ user, relayed }) => console.log(user, relayed));
 * const { turnUris } = await server.start();
 */
export async function createServer(input: ConfigInput | Config = {}, options: ServerOptions = {}): Promise<Server> {
  return composeServer(parseConfig(input), options);
}

/**
 * Builds a server, like `createServer`, from a configuration that has been checked already. `extraUsers`: passwords of users that can register besides
 * those of the configuration, by name. The package does not export it. Throws what `createServer` throws, but for ERR_CONFIG_INVALID.
 */
export async function composeServer(
  checked: Config,
  options: ServerOptions,
  extraUsers?: ReadonlyMap<string, Secret>,
): Promise<Server> {
  const { environment = process.env, clock = systemClock } = options;
  const { config, notes } = adaptToHost(checked, hasIpv6Loopback());
  const logger = options.logger ?? (await createLogger(config));
  const { unixMs } = clock.now();
  const loaded = await loadSecrets(config, environment, unixMs, options.state);
  const secrets = { ...loaded, users: withExtraUsers(loaded.users, extraUsers) };
  for (const note of notes) logger.info({}, note);
  for (const warning of startupWarnings(config, secrets, unixMs)) logger.warn({}, warning);
  return new Server(config, secrets, { logger, clock });
}

/** The users of the configuration come first. One of them keeps its password when an extra user has the same name. */
function withExtraUsers(
  users: ReadonlyMap<string, Secret>,
  extraUsers: ReadonlyMap<string, Secret> = new Map(),
): ReadonlyMap<string, Secret> {
  return new Map([...users, ...[...extraUsers].filter(([name]) => !users.has(name))]);
}
