import { type HttpAppOptions, type MountRoutes } from '../http/http-app.ts';
import { readPageAssets } from '../http/page-assets.ts';
import { edgeExposures } from '../config/loopback.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { usesHttps } from '../config/schema/https-use.ts';
import { type Config } from '../config/schema/tree.ts';
import { AbuseLog } from '../base/abuse-log.ts';
import { type Clock } from '../base/clock.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { HOSTILE_LOG_LIMITS, LimitedLog } from '../base/limited-log.ts';
import { type Logger } from '../base/logger.ts';
import { transportAddress, type TransportAddress } from '../base/transport-address.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type CoreDestination } from '../edge/core/core-destination.ts';
import { type StopOptions } from '../edge/drain/connection-drain.ts';
import { type AccessTokenIssuer, type CredentialIssuer } from '../credentials/credential.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { withRevocations } from '../credentials/revocation/with-revocations.ts';
import { type Edge } from '../edge/edge.ts';
import { findNamedUser, type NamedUser } from '../edge/registration/named-user.ts';
import { type TurnServer } from '../turn/turn-server.ts';
import { type AccessTokens } from './access-tokens.ts';
import { createDelivered, type Delivered } from './delivered.ts';
import { edgeOptions } from './edge-options.ts';
import { type MakeApp } from './http-requests.ts';
import { HttpsListeners } from './https-listeners.ts';
import { demoPageFolder } from './page-folder.ts';
import { ownUrl } from './public-urls.ts';
import { RegistrationReports } from './registration-reports.ts';
import { type RevocableParts, type Revoker } from './revoker.ts';
import { type PartEvents } from './server-types.ts';
import { type IssuerSide, type ServerWrap } from './server-wrap.ts';
import { type SharedKey } from './shared-key.ts';
import { RedisParts } from './redis-parts.ts';
import { handshakeRate, httpRequestRate } from './source-rate.ts';
import { turnServerOptions } from './turn-options.ts';
import { turnUris } from './turn-uris.ts';
import { createVerifier } from './verifier.ts';
import { type WebParts } from './web-parts.ts';
import { createExchange, createWebFetch, type SendExchange } from './web-exchange.ts';

/** How many connections for pages and health checks there may be beside the WebSockets. */
const PLAIN_HTTP_CONNECTIONS = { connections: 500, connectionsPerAddress: 50 };

export interface ServerPartsContext {
  /** The effective configuration. Its ports may be those of an earlier run. */
  readonly config: Config;
  /** Secrets and certificates, with the certificate that is in use. */
  readonly secrets: LoadedSecrets;
  readonly sharedKey: SharedKey;
  /** Whom the TURN server denies, and who holds what. */
  readonly revoker: Revoker;
  /** Makes and checks access tokens; absent when no access tokens are configured. */
  readonly accessTokens: AccessTokens | undefined;
  readonly wrap: ServerWrap;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly events: TypedEvents<PartEvents>;
  /** A part has failed for good: the server is to be stopped. */
  readonly onFailed: (error: Error) => void;
  /** Whether the server is ready, as a health check is told. */
  readonly isReady: () => boolean;
}

/**
 * One run of what a server consists of: TURN server, HTTPS listeners and edge, whichever of them are configured. The programs of a part are loaded when it is
 * opened: a server has in its memory what its configuration asks for.
 */
export class ServerParts implements RevocableParts {
  readonly #context: ServerPartsContext;
  /** One allowance for edge and HTTPS server together. */
  readonly #abuseLog: AbuseLog;
  readonly #limitedLog: LimitedLog;
  #turn: TurnServer | undefined;
  #edge: Edge | undefined;
  #https: HttpsListeners | undefined;
  #reports: RegistrationReports | undefined;
  #delivered: Delivered | undefined;
  #web: WebParts | undefined;
  #stopTellingEnds: (() => void) | undefined;
  #redis: RedisParts | undefined;
  /** The issuer of the edge with its accounts, made when it is first needed. */
  #accounted: CredentialIssuer | undefined;
  readonly #tokenIssuer: AccessTokenIssuer | undefined;

  constructor(context: ServerPartsContext) {
    this.#context = context;
    const { accessTokens, logger, clock } = context;
    const issuer = accessTokens?.issuer;
    this.#abuseLog = new AbuseLog(logger, clock.now().monotonicMs);
    this.#limitedLog = new LimitedLog(logger, HOSTILE_LOG_LIMITS);
    this.#tokenIssuer = issuer && this.#wrapTokens(issuer, 'edge');
  }

  #wrapTokens(made: AccessTokenIssuer, side: IssuerSide): AccessTokenIssuer {
    const { revoker, wrap } = this.#context;
    const accounted = revoker.accountTokenIssuer(made);
    return wrap.tokenIssuer?.(accounted, side) ?? accounted;
  }

  async #makeWeb(): Promise<void> {
    const { config, secrets, accessTokens, wrap, clock, events } = this.#context;
    const { authorizationServer, wwsf } = config.oauth;
    if (!authorizationServer.enabled && !wwsf.enabled) return;
    const { webIssuer, serverName } = accessTokens ?? {};
    const { WebParts } = await import('./web-parts.ts');
    this.#web = new WebParts({
      config,
      secrets,
      clock,
      abuseLog: this.#abuseLog,
      limitedLog: this.#limitedLog,
      events,
      ownUrl: () => ownUrl(config, this.#https?.addresses ?? []),
      uris: () => turnUris(config, this.#turn?.addresses ?? [], this.#https?.addresses ?? []),
      issuer: () => wrap.issuer?.(this.#issuer, 'web') ?? this.#issuer,
      turn:
        webIssuer && serverName !== undefined ? { issuer: this.#wrapTokens(webIssuer, 'web'), serverName } : undefined,
    });
  }

  get turn(): TurnServer | undefined {
    return this.#turn;
  }

  get edge(): Edge | undefined {
    return this.#edge;
  }

  get https(): HttpsListeners | undefined {
    return this.#https;
  }

  /** Opens all parts, or none. Throws what `Server.start` throws. */
  async open(): Promise<void> {
    const { config, secrets, revoker, wrap, events, logger, clock } = this.#context;
    try {
      await this.#makeWeb();
      this.#redis = await RedisParts.open(config, secrets, {
        revocations: revoker.revocations,
        events,
        logger,
        clock,
        wrap: wrap.redis,
      });
      this.#delivered = createDelivered(config, secrets, {
        link: this.#redis?.link,
        logger,
        clock,
        revoke: (entry) => {
          revoker.revoke(entry);
        },
        isRevoked: (user, now) => revoker.revocations.isRevoked(user, now),
        events,
        wrapStore: wrap.store,
      });
      await this.#startTurn();
      await this.#startHttps();
      await this.#startEdge();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stops the edge first, so that no client is sent to a relay that is going. One part that fails to stop keeps no other from stopping. */
  async close(options: StopOptions = {}): Promise<void> {
    const stop = async (part: () => Promise<void> | undefined): Promise<void> => {
      try {
        await part();
      } catch (error) {
        this.#context.logger.error({ err: error }, 'a part of the server failed to stop');
      }
    };
    this.#reports?.stop();
    this.#stopTellingEnds?.();
    await stop(() => this.#edge?.stop(options));
    // Together: the TURN server may have clients on the HTTPS port, and ends them with a reason.
    await Promise.all([stop(() => this.#https?.close()), stop(() => this.#turn?.stop())]);
    await stop(() => this.#redis?.close());
    this.#redis = undefined;
    this.#reports = undefined;
    this.#edge = undefined;
    this.#https = undefined;
    this.#turn = undefined;
  }

  /** Sets the certificate for new connections. Open connections go on. */
  useCertificate(certificate: KeyPair): void {
    this.#turn?.setTlsContext(certificate);
    this.#https?.setCertificate(certificate);
    if (!this.#context.secrets.core?.certificate) this.useCoreCertificate(certificate);
  }

  /** The certificate that the edge shows a core outside, for new connections; those that are open go on. */
  useCoreCertificate(certificate: KeyPair): void {
    this.#edge?.setCoreCertificate(certificate);
  }

  endRevoked(entry: Revocation): number {
    this.#delivered?.takeBack(entry);
    return this.#turn?.endAllocationsOf(entry.user, 'revoked') ?? 0;
  }

  releaseCredentials(registrationId: string): void {
    this.#issuer.release(registrationId, 'revoke');
    this.#tokenIssuer?.release(registrationId, 'revoke');
  }

  endRegistration(registrationId: string): boolean {
    return this.#edge?.endRegistration(registrationId) ?? false;
  }

  findUser(text: string): NamedUser | undefined {
    if (this.#edge) return this.#edge.findUser(text);
    // Users of the web are known without an edge, too.
    const { domain } = this.#context.config;
    return this.#web?.knowsUsers ? findNamedUser(text, domain, { all: [], lapsed: [] }) : undefined;
  }

  async #startTurn(): Promise<void> {
    const { config, secrets, sharedKey, accessTokens, revoker, wrap, logger, clock, events, onFailed } = this.#context;
    if (!config.turn.enabled) return;
    const tokens = accessTokens?.verifier(this.#redis?.tokenKeys);
    const verifier = withRevocations(
      createVerifier(config, secrets, sharedKey, { tokens, delivered: this.#delivered?.verifier }),
      revoker.revocations,
    );
    const { TurnServer } = await import('../turn/turn-server.ts');
    this.#turn = new TurnServer(turnServerOptions(config, secrets), {
      verifier: wrap.verifier?.(verifier) ?? verifier,
      logger,
      clock,
      wrap: wrap.turn,
      events,
      onFailed,
    });
    await this.#turn.start();
  }

  async #startEdge(): Promise<void> {
    const { config, secrets, wrap, logger, clock, events } = this.#context;
    const https = this.#https;
    if (!config.edge.enabled || !https) return;
    const uris = turnUris(config, this.#turn?.addresses ?? [], https.addresses);
    const send = secrets.webIdentity && createExchange(secrets.webIdentity.ca);
    this.#startReports(send);
    const issuer = this.#issuer;
    this.#stopTellingEnds = this.#web?.observe(events);
    const { Edge } = await import('../edge/edge.ts');
    this.#edge = new Edge(edgeOptions(config, secrets, uris, this.#web?.tokenIssuer), {
      issuer: wrap.issuer?.(issuer, 'edge') ?? issuer,
      tokenIssuer: this.#tokenIssuer,
      logger,
      abuseLog: this.#abuseLog,
      clock,
      events,
      wrap: wrap.edge,
      messageText: wrap.messageText,
      webFetch: send && createWebFetch(send),
      localKeys: this.#web?.authorizationServer?.keys,
      coreDestinationsChanged: (destinations) => this.#turn?.setCoreAddresses(destinations.flatMap(transportAddressOf)),
    });
    await this.#edge.start();
    this.#turn?.addOwnListeners(this.#edge.coreAddresses.flatMap(transportAddressOf));
    const edge = this.#edge;
    https.takeUpgrades((request, socket, head) => edge.handleUpgrade(request, socket, head));
  }

  /** What makes credentials, for the edge and for the web server. */
  get #issuer(): CredentialIssuer {
    const { sharedKey, revoker } = this.#context;
    return (this.#accounted ??= revoker.accountIssuer(this.#delivered?.issuer ?? sharedKey.issuer));
  }

  /** Tells a web server elsewhere of registrations that have ended. */
  #startReports(send: SendExchange | undefined): void {
    const { config, secrets, logger, events } = this.#context;
    const { url } = config.edge.webIdentity.webhook;
    const secret = secrets.webIdentity?.webhookSecret;
    if (send && url !== undefined && secret) {
      this.#reports = new RegistrationReports({ url, secret, send, events, logger });
    }
  }

  async #startHttps(): Promise<void> {
    const { config, secrets, logger, clock } = this.#context;
    if (!usesHttps(config) || !secrets.certificate) return;
    const { connections, connectionsPerAddress } = config.edge.limits;
    const limits = {
      connections: connections + PLAIN_HTTP_CONNECTIONS.connections,
      connectionsPerAddress: connectionsPerAddress + PLAIN_HTTP_CONNECTIONS.connectionsPerAddress,
    };
    const { turnOnHttps, listen } = config.edge;
    const turn = turnOnHttps ? this.#turn : undefined;
    // Before the ports are open, so that they are not for long without the edge.
    if (config.edge.enabled) await import('../edge/edge.ts');
    const rates = { handshakes: handshakeRate(config), requests: httpRequestRate(config) };
    this.#https = await HttpsListeners.open(
      {
        ...{ ...listen, ...secrets.certificate, ...rates, limits, webSockets: config.edge.enabled },
        turn: turn?.acceptSecure.bind(turn),
      },
      await this.#appMaker(),
      { logger, abuseLog: this.#abuseLog, clock },
    );
    this.#turn?.addOwnListeners(this.#https.addresses);
  }

  /** Routes beside those of health and page. */
  async #routes(): Promise<readonly MountRoutes[]> {
    const { mountRoutes } = this.#context.wrap;
    const lab: MountRoutes = (app) => mountRoutes?.(app, this.#reportError);
    return [lab, ...(this.#web ? [this.#web.mount] : []), ...(await this.#adminRoutes())];
  }

  async #adminRoutes(): Promise<readonly MountRoutes[]> {
    const { revoker: ports, secrets } = this.#context;
    const token = secrets.adminToken;
    if (!token) return [];
    const { ADMIN_PATH, createAdminApi } = await import('../admin/api/admin-api.ts');
    return [(app) => app.route(ADMIN_PATH, createAdminApi({ token, ports, reportError: this.#reportError }))];
  }

  /** Logs what a route threw. The log is limited, since a client may call the route as often as it likes. */
  readonly #reportError = (error: unknown): void => {
    const { monotonicMs } = this.#context.clock.now();
    this.#limitedLog.error('HTTP request failed', { err: error }, 'a request to the HTTPS server failed', monotonicMs);
  };

  /** Looks for the page and loads the routes, so that what is missing shows at the start. */
  async #appMaker(): Promise<MakeApp> {
    const { config, secrets, wrap, logger, isReady } = this.#context;
    const wantsPage = config.edge.enabled && config.edge.demoPage;
    const folder = wantsPage ? demoPageFolder() : undefined;
    const page = folder === undefined ? undefined : await readPageAssets(folder);
    if (wantsPage && !page) logger.warn({}, 'the demo page is not built: npm run build');
    const offersPasswords =
      (secrets.generated.users || wrap.showUsers === true) && edgeExposures(config.edge).length === 0;
    const routes = await this.#routes();
    const options: HttpAppOptions = {
      domain: config.domain,
      webSocketPath: config.edge.path,
      approach: config.credentials.approach,
      page,
      offeredUsers: offersPasswords ? secrets.users : new Map(),
      isReady,
      // Without an edge, nothing here waits for a core.
      isCoreThere: () => this.#edge?.isCoreThere ?? !config.edge.enabled,
      controlPath: wrap.controlPath,
      controlToken: wrap.controlToken,
      mountRoutes: (app) => {
        for (const mount of routes) mount(app);
      },
      webSignIn: this.#web?.signInPaths,
      accessTokens: this.#tokenIssuer && (() => this.#web?.accessTokenPaths ?? {}),
      reportError: this.#reportError,
    };
    return async () => {
      const { createHttpApp } = await import('../http/http-app.ts');
      return createHttpApp(options);
    };
  }
}

function transportAddressOf({ address, port }: CoreDestination): TransportAddress[] {
  const parsed = transportAddress(address, port);
  return parsed ? [parsed] : [];
}
