import { Hono, type MiddlewareHandler } from 'hono';
import { type Clock, type Now } from '../../base/clock.ts';
import { type Secret } from '../../base/secret.ts';
import { type CredentialIssuer } from '../../credentials/credential.ts';
import { LoginCheck, type LoginFailure } from '../login/login-check.ts';
import { noStore, type OAuthContext, type OAuthEnv } from '../oauth-http.ts';
import { type WebExchange } from '../oauth-words.ts';
import { type OAuthObservers, traceExchange } from '../web-trace.ts';
import { type WebUsers } from '../web-users.ts';
import { EndReports } from './end-reports.ts';
import { FormLogin } from './form-login.ts';
import { describeSession, Guests } from './guests.ts';
import { type LoanBook } from './loan-book.ts';
import { LoginAllowance } from './login-allowance.ts';
import { type LoginProvider } from './openid-login.ts';
import { PageCredentials } from './page-credentials.ts';
import { PageDoor } from './page-door.ts';
import { ProviderLogin } from './provider-login.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { TokenDesk } from './token-desk.ts';
import { type TokenSource } from './token-source.ts';
import { readTurnForm } from './turn-forms.ts';
import { refuse, showDone, WWSF_PATHS } from './wwsf-http.ts';

export interface WebServerOptions {
  /** The client of the authorization server that this web server is. */
  readonly client: string;
  /** Origins elsewhere whose pages may ask. */
  readonly origins: readonly string[];
  /** Private identities of its pool. Nobody who logs in has one of them. */
  readonly pool: ReadonlySet<string>;
  readonly users: WebUsers;
  readonly sessionSec: number;
  /** Life of a registration token in seconds. */
  readonly registrationTokenSec: number;
  /** Whether people who have not logged in get an identity of the pool. */
  readonly takesGuests: boolean;
  /** How many identities one address holds at a time. */
  readonly guestsPerAddress: number;
  /** The secret that an edge on another machine shows when it reports the end of a registration; absent: no edge reports. */
  readonly webhookSecret: Secret | undefined;
  /** Whether a name that the provider tells, and that is not listed, stands for the user of that name in the home domain. */
  readonly mapsUnlisted: boolean;
}

export interface WebServerPorts {
  readonly clock: Clock;
  readonly tokens: TokenSource;
  readonly events: OAuthObservers;
  /** Loans of identities from before a restart. */
  readonly loans: LoanBook;
  /** Makes TURN credentials; known once the server has started. */
  readonly issuer: () => CredentialIssuer;
  readonly uris: () => readonly string[];
  readonly report: (remoteAddress: string, cause: LoginFailure, now: Now) => void;
  /** Logs users in elsewhere; absent: users log in by the form of this server. */
  readonly openId?: LoginProvider | undefined;
  /** URL of this server, known once it listens. */
  readonly ownUrl: () => string;
  /** Called with the reason when a provider logs nobody in. */
  readonly reportProvider: (error: unknown) => void;
}

/** The WWSF of TS 33.203 Annex X: knows users by their sessions, and gets registration tokens and TURN credentials for them. */
export class WebServer {
  readonly #takesGuests: boolean;
  readonly #clock: Clock;
  readonly #events: OAuthObservers;
  readonly #sessions: Sessions;
  readonly #guests: Guests;
  readonly #door: PageDoor;
  readonly #credentials: PageCredentials;
  readonly #reports: EndReports;
  readonly #login: FormLogin | ProviderLogin;

  constructor(options: WebServerOptions, ports: WebServerPorts) {
    const {
      client,
      origins,
      pool,
      guestsPerAddress: perAddress,
      takesGuests,
      registrationTokenSec,
      sessionSec,
      webhookSecret,
    } = options;
    const { clock, ownUrl, tokens, events, loans } = ports;
    this.#takesGuests = takesGuests;
    this.#clock = clock;
    this.#events = events;
    const sessions = new Sessions(sessionSec);
    const signIn = new SignIn(sessions, events);
    const guests = new Guests(
      { pool: takesGuests ? pool : [], registrationTokenSec, perAddress, loans },
      signIn,
      clock.now(),
    );
    this.#sessions = sessions;
    this.#guests = guests;
    this.#door = new PageDoor({ origins, ownUrl, sessions, guests });
    this.#credentials = new PageCredentials({
      ...ports,
      ...{ door: this.#door, guests, desk: new TokenDesk({ client, source: tokens, events }) },
    });
    this.#reports = new EndReports({
      secret: webhookSecret,
      ended: (impi) => {
        this.ended(impi);
      },
    });
    this.#login = createLogin(options, ports, signIn);
  }

  mount(app: Hono): void {
    const routes = new Hono<OAuthEnv>();
    const login = this.#login;
    if (login instanceof ProviderLogin) {
      routes.get(WWSF_PATHS.login, (context) => login.leave(context));
      routes.get(WWSF_PATHS.callback, this.#traced('login'), (context) => login.comeBack(context));
    } else {
      routes.get(WWSF_PATHS.login, (context) => login.ask(context));
      routes.post(WWSF_PATHS.login, this.#traced('login'), (context) => login.take(context));
    }
    routes.get(WWSF_PATHS.done, showDone);
    routes.post(WWSF_PATHS.guest, this.#traced('guest'), (context) => this.#beginGuest(context));
    routes.post(WWSF_PATHS.logout, this.#traced('logout'), (context) => this.#logout(context));
    routes.get(WWSF_PATHS.session, (context) => this.#tellSession(context));
    routes.get(WWSF_PATHS.token, this.#traced('registration-token'), (context) => this.#credentials.tellToken(context));
    routes.get(WWSF_PATHS.turn, this.#traced('turn-credentials'), (context) => this.#credentials.tellTurn(context));
    routes.post(WWSF_PATHS.ended, (context) => this.#reports.take(context));
    app.route('/', routes);
  }

  /** The edge tells that a registration by token has ended. */
  ended(impi: string): void {
    this.#guests.ended(impi, this.#clock.now());
  }

  #beginGuest(context: OAuthContext): Response {
    if (!this.#door.admits(context)) return refuse(context, 'access_denied');
    return this.#takesGuests ? this.#guests.begin(context, this.#clock.now()) : refuse(context, 'unsupported');
  }

  #logout(context: OAuthContext): Response {
    if (!this.#door.admits(context)) return refuse(context, 'access_denied');
    const session = this.#door.session(context, this.#clock.now());
    if (session) this.#credentials.release(session);
    this.#sessions.end(context);
    noStore(context);
    return context.body(null, 204);
  }

  #tellSession(context: OAuthContext): Response {
    if (!this.#door.admits(context)) return refuse(context, 'access_denied');
    const session = this.#door.session(context, this.#clock.now());
    noStore(context);
    // A page that asks whether somebody has logged in has made no mistake.
    return session ? context.json(describeSession(session)) : context.body(null, 204);
  }

  /** Observers hear of a request and its answer. */
  #traced(what: WebExchange): MiddlewareHandler<OAuthEnv> {
    return async (context, next) => {
      const tell = traceExchange(this.#events, { from: 'wic', to: 'wwsf', what }, () => ({
        form: what === 'turn-credentials' ? readTurnForm(context.req.query('form')) : undefined,
        impi: this.#door.session(context, this.#clock.now())?.impi,
      }));
      await next();
      const impi = context.get('impi');
      tell({ status: context.res.status, ...(impi !== undefined && { impi }) });
    };
  }
}

function createLogin(
  { users, mapsUnlisted, pool }: WebServerOptions,
  { clock, openId, ownUrl, report, reportProvider }: WebServerPorts,
  signIn: SignIn,
): FormLogin | ProviderLogin {
  const allowance = new LoginAllowance();
  if (!openId) return new FormLogin({ clock, login: new LoginCheck(users, report), signIn, allowance });
  return new ProviderLogin({
    ...{ clock, openId, users, mapsUnlisted, pool },
    ...{ signIn, allowance, ownUrl, reportProvider },
  });
}
