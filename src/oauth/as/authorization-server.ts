import { Hono } from 'hono';
import { type Clock, type Now } from '../../base/clock.ts';
import { type KeySource } from '../../credentials/signing-keys.ts';
import { allowOrigin, type OAuthContext, type OAuthEnv } from '../oauth-http.ts';
import { LoginCheck, type LoginFailure } from '../login/login-check.ts';
import { type OAuthClients } from '../oauth-client.ts';
import { type ClientRefusal } from '../oauth-words.ts';
import { type OAuthObservers } from '../web-trace.ts';
import { AuthorizationCodes } from './authorization-codes.ts';
import { AuthorizeEndpoint, LOGIN_PATH } from './authorize-endpoint.ts';
import { ClientAuthentication } from './client-authentication.ts';
import { ClientDoor } from './client-door.ts';
import { IntrospectionEndpoint } from './introspection-endpoint.ts';
import { metadata, PATHS } from './metadata.ts';
import { SignedAssertions } from './signed-assertions.ts';
import { TokenEndpoint } from './token-endpoint.ts';
import { TokenMaker, type TokenMakerOptions } from './token-maker.ts';

export interface AuthorizationServerOptions extends TokenMakerOptions {
  readonly allowsImplicit: boolean;
  /** Whether the token endpoint takes GET with `client_password`. */
  readonly takesGet: boolean;
  /** Limits for the requests of one client to the token and introspection endpoints. */
  readonly limits: { readonly requestsPerSec: number; readonly requestBurst: number };
}

export interface AuthorizationServerPorts {
  readonly clock: Clock;
  readonly events: OAuthObservers;
  /** Called with each failed proof of a client or user, and each request beyond a limit. */
  readonly report: (remoteAddress: string, cause: ClientRefusal | LoginFailure, now: Now) => void;
}

/** The WAF of TS 33.203 Annex X: an OAuth 2.0 authorization server for WWSFs and browsers. */
export class AuthorizationServer {
  /** Makes tokens for a WWSF in this process. */
  readonly maker: TokenMaker;
  readonly #options: AuthorizationServerOptions;
  readonly #authorize: AuthorizeEndpoint;
  readonly #token: TokenEndpoint;
  readonly #introspection: IntrospectionEndpoint;

  constructor(options: AuthorizationServerOptions, { clock, events, report }: AuthorizationServerPorts) {
    const { clients, users, issuer, ring, limits, takesGet, allowsImplicit } = options;
    this.#options = options;
    this.maker = new TokenMaker(options, events);
    const codes = new AuthorizationCodes();
    const audiences = (): readonly string[] => [issuer(), ...Object.values(PATHS).map((path) => `${issuer()}${path}`)];
    const assertions = new SignedAssertions(audiences);
    const door = new ClientDoor(new ClientAuthentication(clients, assertions), { ...limits, report });
    const isClientOrigin = originsOf(clients);
    const { maker } = this;
    this.#token = new TokenEndpoint({
      ...{ door, assertions, maker, codes, clock, isClientOrigin, takesGet, events, report },
    });
    this.#introspection = new IntrospectionEndpoint({ door, ring, codes, clock });
    const login = new LoginCheck(users, report);
    this.#authorize = new AuthorizeEndpoint({ clients, allowsImplicit, issuer, maker, codes, login, clock, events });
  }

  /** URL of the authorization server, known once it listens. */
  get issuer(): string {
    return this.#options.issuer();
  }

  /** The public keys by which its registration tokens are checked. */
  get keys(): KeySource {
    return this.#options.ring;
  }

  mount(app: Hono): void {
    const routes = new Hono<OAuthEnv>();
    routes.post(PATHS.token, (context) => this.#token.post(context));
    routes.get(PATHS.token, (context) => this.#token.get(context));
    routes.options(PATHS.token, (context) => this.#preflight(context));
    routes.post(PATHS.introspection, (context) => this.#introspection.post(context));
    routes.get(PATHS.authorization, (context) => this.#authorize.get(context));
    routes.post(LOGIN_PATH, (context) => this.#authorize.post(context));
    routes.get(PATHS.keys, (context) => publish(context, this.#options.ring.keySet));
    routes.get('/.well-known/oauth-authorization-server', (context) => publish(context, this.#metadata()));
    app.route('/', routes);
  }

  #metadata() {
    const { issuer, allowsImplicit, clients } = this.#options;
    return metadata(issuer(), { allowsImplicit, clients });
  }

  /** A page that is a client itself sends a form, which needs none; some libraries ask all the same. */
  #preflight(context: OAuthContext): Response {
    allowOrigin(context, originsOf(this.#options.clients));
    context.header('Access-Control-Allow-Methods', 'POST');
    context.header('Access-Control-Allow-Headers', 'Authorization, Content-Type');
    context.header('Access-Control-Max-Age', '600');
    return context.body(null, 204);
  }
}

/** Serves a document that everybody may read, including pages of any origin. */
function publish(context: OAuthContext, body: object): Response {
  context.header('Cache-Control', 'public, max-age=300');
  context.header('Access-Control-Allow-Origin', '*');
  return context.json(body);
}

function originsOf(clients: OAuthClients): (origin: string) => boolean {
  const origins = new Set([...clients.values()].flatMap((client) => client.origins));
  return (origin) => origins.has(origin);
}
