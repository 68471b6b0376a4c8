import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type Clock } from '../base/clock.ts';
import { type LimitedLog } from '../base/limited-log.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type CredentialIssuer } from '../credentials/credential.ts';
import { type EdgeEvents } from '../edge/edge-events.ts';
import { type TokenIssuerOptions } from '../edge/edge-options.ts';
import { type AccessTokenPaths, type MountRoutes, type WebSignInPaths } from '../http/http-app.ts';
import { PATHS } from '../oauth/as/metadata.ts';
import { type AuthorizationServer } from '../oauth/as/authorization-server.ts';
import { WAF_FAULTS } from '../oauth/oauth-words.ts';
import { type OAuthObservers } from '../oauth/web-trace.ts';
import { type WebServer } from '../oauth/wwsf/web-server.ts';
import { WWSF_PATHS } from '../oauth/wwsf/wwsf-http.ts';
import { type AuthorizationServerContext, createAuthorizationServer, tokenIssuer } from './authorization-server.ts';
import { createWwsf } from './wwsf.ts';

export interface WebPartsContext {
  readonly config: Config;
  readonly secrets: LoadedSecrets;
  readonly clock: Clock;
  readonly abuseLog: AbuseLog;
  readonly events: OAuthObservers;
  readonly limitedLog: LimitedLog;
  /** URL under which the listeners are reached; they may not be open yet. */
  readonly ownUrl: () => string;
  /** TURN URIs for pages. */
  readonly uris: () => readonly string[];
  /** What makes credentials for sessions, known once the server has opened. */
  readonly issuer: () => CredentialIssuer;
  readonly turn: AuthorizationServerContext['turn'];
}

/** What logs users of the web in, and gives pages their tokens: authorization server (WAF) and web server (WWSF), whichever are configured. */
export class WebParts {
  readonly authorizationServer: AuthorizationServer | undefined;
  readonly #webServer: WebServer | undefined;
  readonly #takesGuests: boolean;
  readonly #context: Pick<WebPartsContext, 'config' | 'ownUrl' | 'turn'>;

  constructor({ turn, limitedLog, ...context }: WebPartsContext) {
    const { config, clock, ownUrl } = context;
    this.#context = { config, ownUrl, turn };
    this.authorizationServer = createAuthorizationServer({ ...context, turn });
    this.#takesGuests = config.oauth.wwsf.guests;
    this.#webServer = createWwsf({
      ...context,
      authorizationServer: this.authorizationServer,
      reportWaf: (fault, { monotonicMs }) => {
        const text = `the authorization server of oauth.wwsf.waf gave no token: ${WAF_FAULTS[fault]}`;
        limitedLog.warn(`WAF ${fault}`, { fault }, text, monotonicMs);
      },
      reportLoan: (error) => {
        const { monotonicMs } = clock.now();
        limitedLog.warn(
          'loan not noted',
          { err: error },
          'a guest got no identity: the loan cannot be noted',
          monotonicMs,
        );
      },
      reportProvider: (error) => {
        const { monotonicMs } = clock.now();
        limitedLog.warn('OpenID login failed', { err: error }, 'an OpenID provider logged nobody in', monotonicMs);
      },
    });
  }

  readonly mount: MountRoutes = (app) => {
    this.authorizationServer?.mount(app);
    this.#webServer?.mount(app);
  };

  /** Whether credentials are handed out here to users of the web. */
  get knowsUsers(): boolean {
    return this.authorizationServer !== undefined || this.#webServer !== undefined;
  }

  /** The authorization server here as the edge trusts it; `undefined` where there is none. */
  get tokenIssuer(): TokenIssuerOptions | undefined {
    return this.authorizationServer && tokenIssuer(this.#context.config, this.authorizationServer);
  }

  /** Where the page signs users in; `undefined` without a web server. */
  get signInPaths(): WebSignInPaths | undefined {
    if (!this.#webServer) return undefined;
    const { login, session, logout, token, guest } = WWSF_PATHS;
    return { login, session, logout, token, ...(this.#takesGuests && { guest }) };
  }

  /** Where the page gets access tokens. By a login: of the first client that may, and whose login leads back to this server. */
  get accessTokenPaths(): AccessTokenPaths {
    const { config, ownUrl, turn } = this.#context;
    if (!turn || !this.#webServer) return {};
    const back = `${ownUrl()}${WWSF_PATHS.done}`;
    const client = config.oauth.clients.find(({ grants, scopes, redirectUris }) => {
      return grants.includes('implicit') && scopes.includes('turn') && redirectUris.includes(back);
    });
    const asked = client && { response_type: 'token', client_id: client.id, scope: 'turn', redirect_uri: back };
    return {
      web: `${WWSF_PATHS.turn}?form=token`,
      ...(asked && { implicit: `${PATHS.authorization}?${new URLSearchParams(asked).toString()}` }),
    };
  }

  /** Gives identities back as the edge of this process tells that their registrations have ended. Returns what stops that. */
  observe(events: Pick<TypedEvents<EdgeEvents>, 'on'>): () => void {
    return events.on('registration-ended', ({ impi, webIdentity }) => {
      if (webIdentity && impi !== undefined) this.#webServer?.ended(impi);
    });
  }
}
