import { Hono, type MiddlewareHandler } from 'hono';
import { addressKey } from '../../base/address-key.ts';
import { type Clock, type Now } from '../../base/clock.ts';
import { settled } from '../../base/outcome.ts';
import { Secret } from '../../base/secret.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { type CredentialIssuer } from '../../credentials/credential.ts';
import { POOL_TOKEN_SEC, type TokenMaker } from '../as/token-maker.ts';
import { parseForm, readForm } from '../form.ts';
import { FormGuard } from '../login/form-guard.ts';
import { LOGIN_FAILURES, LoginCheck, type LoginFailure } from '../login/login-check.ts';
import { loginPage, loginPagePolicy, messagePage, problemPage } from '../login/login-page.ts';
import { type OAuthClient } from '../oauth-client.ts';
import { allowOrigin, noStore, type OAuthContext, type OAuthEnv, remoteAddressOf } from '../oauth-http.ts';
import { turnFields } from '../token-answers.ts';
import { type SignInRefusal, type SignInWay, type WebExchange } from '../oauth-words.ts';
import { type OAuthObservers, traceExchange } from '../web-trace.ts';
import { type WebIdentity, type WebUsers } from '../web-users.ts';
import { IdentityPool } from './identity-pool.ts';
import { type OpenIdLogin } from './openid-login.ts';
import { keepTrip, takeTrip } from './openid-trip.ts';
import { type Session, Sessions } from './sessions.ts';
import { TokenDesk } from './token-desk.ts';
import { credentialFields, readTurnForm } from './turn-forms.ts';

export interface WebServerOptions {
  /** The client of the authorization server that this web server is. */
  readonly client: OAuthClient;
  readonly users: WebUsers;
  readonly sessionSec: number;
  /** Life of a registration token. */
  readonly registrationTokenSec: number;
  /** Whether people who have not logged in get an identity of the pool. */
  readonly takesGuests: boolean;
  /** What an edge elsewhere shows when it reports the end of a registration; absent: none reports. */
  readonly webhookSecret: Secret | undefined;
  /** Whether a name that the provider tells, and that is not listed, stands for the user of that name in the home domain. */
  readonly mapsUnlisted: boolean;
}

export interface WebServerPorts {
  readonly clock: Clock;
  readonly maker: TokenMaker;
  readonly events: OAuthObservers;
  /** Known once the server has started. */
  readonly issuer: () => CredentialIssuer;
  readonly uris: () => readonly string[];
  readonly report: (remoteAddress: string, cause: LoginFailure, now: Now) => void;
  /** Absent: users log in by the form here. */
  readonly openId?: OpenIdLogin | undefined;
  /** URL of this server, known once it listens. */
  readonly ownUrl: () => string;
  /** Hears why a provider logged nobody in. */
  readonly reportProvider: (error: unknown) => void;
}

export const WWSF_PATHS = {
  login: '/wwsf/login',
  callback: '/wwsf/callback',
  done: '/wwsf/done',
  guest: '/wwsf/guest',
  logout: '/wwsf/logout',
  session: '/wwsf/session',
  ended: '/wwsf/registration-ended',
  token: '/registration-token',
  turn: '/turn-credentials',
} as const;

const REFUSALS = {
  login_required: ['Nobody has logged in here.', 401],
  access_denied: ['The page of another site may not ask for this.', 403],
  no_identity: ['All identities for guests are lent.', 503],
  temporarily_unavailable: ['Too many were asked for, or it cannot be made at the moment.', 429],
  invalid_request: ['The form is not known.', 400],
  unsupported: ['This is not made here.', 400],
} as const;

/** Tokens and credentials of one session, and guests of one address. */
const OF_SESSION = { burst: 20, perSec: 0.2, maxKeys: 50_000 };
const OF_ADDRESS = { burst: 10, perSec: 1 / 30, maxKeys: 10_000 };
/** Logins of one user that succeed: each takes a place among the sessions, and has an allowance of credentials of its own. */
const OF_USER = { burst: 20, perSec: 1 / 30, maxKeys: 50_000 };
const RETRY_SEC = 30;
const STALE = 'This page was open for too long, or belongs to another browser. Log in again.';
const BUSY = 'Too many logins were begun from this address. Wait a minute, then try again.';
const UNAVAILABLE = 'The server that logs users in does not answer. Try again later.';
const NOT_LOGGED_IN = 'The server that logs users in did not say who you are. Log in again.';
const UNKNOWN_USER = 'You are logged in, but have no account here.';
/** A path of this server. A second slash, or a backslash, would lead to another one. */
const RETURN_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,512}$/;

/** The WWSF of TS 33.203 Annex X: knows users by their sessions, and gets registration tokens and TURN credentials for them. */
export class WebServer {
  readonly #options: WebServerOptions;
  readonly #ports: WebServerPorts;
  readonly #sessions: Sessions;
  readonly #pool: IdentityPool;
  readonly #guard = new FormGuard('epcscf-turn-wwsf');
  readonly #login: LoginCheck;
  readonly #desk: TokenDesk;
  readonly #ofSession = new TokenBuckets(OF_SESSION);
  readonly #ofAddress = new TokenBuckets(OF_ADDRESS);

  readonly #ofUser = new TokenBuckets(OF_USER);

  constructor(options: WebServerOptions, ports: WebServerPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#sessions = new Sessions(options.sessionSec);
    this.#pool = new IdentityPool(options.takesGuests ? options.client.pool : []);
    this.#login = new LoginCheck(options.users, ports.report);
    this.#desk = new TokenDesk({ client: options.client, maker: ports.maker, events: ports.events });
  }

  mount(app: Hono): void {
    const routes = new Hono<OAuthEnv>();
    if (this.#ports.openId) {
      const { openId } = this.#ports;
      routes.get(WWSF_PATHS.login, (context) => this.#leave(context, openId));
      routes.get(WWSF_PATHS.callback, this.#traced('login'), (context) => this.#comeBack(context, openId));
    } else {
      routes.get(WWSF_PATHS.login, (context) => this.#askLogin(context));
      routes.post(WWSF_PATHS.login, this.#traced('login'), (context) => this.#takeLogin(context));
    }
    routes.get(WWSF_PATHS.done, (context) => done(context));
    routes.post(WWSF_PATHS.guest, this.#traced('guest'), (context) => this.#beginGuest(context));
    routes.post(WWSF_PATHS.logout, this.#traced('logout'), (context) => this.#logout(context));
    routes.get(WWSF_PATHS.session, (context) => this.#tellSession(context));
    routes.get(WWSF_PATHS.token, this.#traced('registration-token'), (context) => this.#tellToken(context));
    routes.get(WWSF_PATHS.turn, this.#traced('turn-credentials'), (context) => this.#tellTurn(context));
    routes.post(WWSF_PATHS.ended, (context) => this.#takeEnd(context));
    app.route('/', routes);
  }

  /** The edge tells that a registration by token has ended. */
  ended(impi: string): void {
    this.#pool.ended(impi, this.#now());
  }

  #askLogin(context: OAuthContext, problem?: string, user?: string): Response {
    noStore(context);
    context.header('Content-Security-Policy', loginPagePolicy([]));
    const form = parseForm(new URL(context.req.url).search);
    const back = returnPath(form.ok ? form.value.get('return') : undefined);
    const hidden = { return: back, seal: this.#guard.seal(context) };
    return context.html(loginPage({ action: WWSF_PATHS.login, hidden, problem, user }));
  }

  async #takeLogin(context: OAuthContext): Promise<Response> {
    const form = await readForm(context);
    if (!form.ok) {
      return problem(context, 'The form cannot be read.', 400);
    }
    const fields = form.value;
    const back = returnPath(fields.get('return'));
    if (!this.#guard.isSealed(context, fields.get('seal'))) {
      this.#refused('stale-form');
      return this.#askLogin(context, STALE);
    }
    if (fields.get('action') === 'cancel') return context.redirect(back, 303);
    const now = this.#now();
    const name = fields.get('user') ?? '';
    const user = this.#login.check(name, fields.get('password') ?? '', remoteAddressOf(context), now);
    if (!user.ok) {
      this.#refused(user.reason);
      context.status(user.reason === 'too-many-failures' ? 429 : 401);
      return this.#askLogin(context, LOGIN_FAILURES[user.reason], name);
    }
    const { impi, impus } = user.value;
    if (this.#ofUser.take(impi, now.monotonicMs) > 0) {
      this.#refused('too-many-logins');
      return problem(context, BUSY, 429);
    }
    this.#begin(context, 'password', { impi, impus }, now);
    return context.redirect(back, 303);
  }

  /** Sends the browser to the OpenID provider. */
  async #leave(context: OAuthContext, openId: OpenIdLogin): Promise<Response> {
    const now = this.#now();
    if (this.#ofAddress.take(addressKey(remoteAddressOf(context)), now.monotonicMs) > 0) {
      this.#refused('too-many-logins');
      return problem(context, BUSY, 429);
    }
    try {
      const { url, trip } = await openId.begin(this.#callbackUrl);
      keepTrip(context, { ...trip, back: returnPath(context.req.query('return')) });
      noStore(context);
      return context.redirect(url, 303);
    } catch (error) {
      this.#ports.reportProvider(error);
      this.#refused('provider-unavailable');
      return problem(context, UNAVAILABLE, 503);
    }
  }

  /** The browser is back from the OpenID provider. */
  async #comeBack(context: OAuthContext, openId: OpenIdLogin): Promise<Response> {
    const trip = takeTrip(context);
    if (!trip) {
      this.#refused('stale-form');
      return problem(context, STALE, 400);
    }
    const { search } = new URL(context.req.url);
    let name: string | undefined;
    try {
      name = await openId.finish(new URL(`${this.#callbackUrl}${search}`), trip);
    } catch (error) {
      this.#ports.reportProvider(error);
      this.#refused('provider-refused');
      return problem(context, NOT_LOGGED_IN, 400);
    }
    const { users, client, mapsUnlisted } = this.#options;
    const listed = name === undefined ? undefined : users.find(name);
    const identity = listed ?? (mapsUnlisted && name !== undefined ? users.unlisted(name) : undefined);
    if (!identity || client.pool.has(identity.impi)) {
      this.#refused('unknown-user');
      return problem(context, UNKNOWN_USER, 403);
    }
    const { impi, impus } = identity;
    this.#begin(context, 'openid', { impi, impus }, this.#now());
    return context.redirect(returnPath(trip.back), 303);
  }

  get #callbackUrl(): string {
    return `${this.#ports.ownUrl()}${WWSF_PATHS.callback}`;
  }

  #beginGuest(context: OAuthContext): Response {
    if (!this.#admits(context)) return refuse(context, 'access_denied');
    if (!this.#options.takesGuests) return refuse(context, 'unsupported');
    const now = this.#now();
    const waitSec = this.#ofAddress.take(addressKey(remoteAddressOf(context)), now.monotonicMs);
    if (waitSec > 0) {
      this.#refused('too-many-logins');
      return refuse(context, 'temporarily_unavailable', waitSec);
    }
    const name = Sessions.fresh();
    const impi = this.#pool.lend(name.key, this.#tokenEndSec(now), now);
    if (impi === undefined) {
      this.#refused('no-identity');
      return refuse(context, 'no_identity', RETRY_SEC);
    }
    const impus = [`sip:${impi}`];
    this.#begin(context, 'guest', { impi, impus }, now, name);
    return context.json({ user: userPart(impi), impi, impu: impus, guest: true });
  }

  #logout(context: OAuthContext): Response {
    if (!this.#admits(context)) return refuse(context, 'access_denied');
    const session = this.#session(context, this.#now());
    if (session) {
      this.#ports.issuer().release(registrationOf(session), 'revoke');
      this.#desk.releaseTurn(registrationOf(session));
      this.#ports.events.emit('signed-out', { impi: session.impi });
    }
    this.#sessions.end(context);
    noStore(context);
    return context.body(null, 204);
  }

  #tellSession(context: OAuthContext): Response {
    if (!this.#admits(context)) return refuse(context, 'access_denied');
    const session = this.#session(context, this.#now());
    noStore(context);
    // A page that asks whether somebody has logged in has made no mistake.
    if (!session) return context.body(null, 204);
    const { impi, impus, isGuest } = session;
    return context.json({ user: userPart(impi), impi, impu: impus, guest: isGuest });
  }

  #tellToken(context: OAuthContext): Response {
    const now = this.#now();
    const session = this.#allowed(context, now);
    if (session instanceof Response) return session;
    const { impi, key, isGuest } = session;
    if (isGuest && !this.#pool.keep(impi, key, this.#tokenEndSec(now), now)) return refuse(context, 'login_required');
    const made = this.#desk.registrationToken(impi, now);
    if (!made.ok) return refuse(context, 'unsupported');
    const { token, expiresAtSec, impus } = made.value;
    noStore(context);
    return context.json({
      token,
      expires_in: Math.floor(expiresAtSec - now.unixMs / 1000),
      impi,
      impu: impus,
    });
  }

  async #tellTurn(context: OAuthContext): Promise<Response> {
    const now = this.#now();
    const session = this.#allowed(context, now);
    if (session instanceof Response) return session;
    const form = readTurnForm(context.req.query('form'));
    if (form === undefined) return refuse(context, 'invalid_request');
    const { issuer, uris, events } = this.#ports;
    const { impi, key, isGuest, endsAtSec } = session;
    // A guest's credential ends with the loan of the identity.
    const loanEndSec = isGuest ? this.#tokenEndSec(now) : Infinity;
    if (isGuest && !this.#pool.keep(impi, key, loanEndSec, now)) return refuse(context, 'login_required');
    const notAfterSec = Math.min(endsAtSec, loanEndSec);
    noStore(context);
    if (form === 'token') {
      const request = { subject: registrationOf(session), person: impi, notAfterSec };
      const fields = await settled(turnFields(await this.#desk.turnToken(request, now), now));
      return fields.ok ? context.json({ ...fields.value, uris: uris() }) : refuse(context, 'unsupported');
    }
    const registrationId = registrationOf(session);
    const request = { registrationId, person: impi, grantedExpiresSec: 0, notAfterSec };
    const issued = await settled(issuer().issue(request, now));
    if (!issued.ok) return refuse(context, 'temporarily_unavailable', RETRY_SEC);
    const { name, expiresAtSec } = issued.value;
    events.emit('web-credential-issued', { impi, registrationId, name, expiresAtSec });
    return context.json(credentialFields(form, issued.value, uris(), now.unixMs));
  }

  /** An edge elsewhere reports what an edge in this process tells by `ended`. */
  async #takeEnd(context: OAuthContext): Promise<Response> {
    const { webhookSecret } = this.#options;
    const [, shown = ''] = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(context.req.header('authorization') ?? '') ?? [];
    if (!webhookSecret?.equals(new Secret(shown))) return context.json({ error: 'access_denied' }, 401);
    const told: unknown = await context.req.json().catch(() => undefined);
    const impi: unknown = typeof told === 'object' && told !== null ? Reflect.get(told, 'impi') : undefined;
    if (typeof impi !== 'string') return context.json({ error: 'invalid_request' }, 400);
    this.ended(impi);
    return context.body(null, 204);
  }

  /** Observers hear of a request and its answer. */
  #traced(what: WebExchange): MiddlewareHandler<OAuthEnv> {
    const { events } = this.#ports;
    return async (context, next) => {
      const tell = traceExchange(events, { from: 'wic', to: 'wwsf', what }, () => ({
        form: what === 'turn-credentials' ? readTurnForm(context.req.query('form')) : undefined,
        impi: this.#session(context, this.#now())?.impi,
      }));
      await next();
      const impi = context.get('impi');
      tell({ status: context.res.status, ...(impi !== undefined && { impi }) });
    };
  }

  #begin(context: OAuthContext, by: SignInWay, identity: WebIdentity, now: Now, name = Sessions.fresh()): void {
    const { impi } = identity;
    this.#sessions.begin(context, name.cookie, { ...identity, isGuest: by === 'guest' }, now);
    context.set('impi', impi);
    noStore(context);
    this.#ports.events.emit('signed-in', { at: 'wwsf', by, impi, registrationId: registrationOf(name) });
  }

  #refused(cause: SignInRefusal): void {
    this.#ports.events.emit('sign-in-refused', { at: 'wwsf', cause });
  }

  /** The session of a page that may ask, and does not ask too often. */
  #allowed(context: OAuthContext, now: Now): Session | Response {
    if (!this.#admits(context)) return refuse(context, 'access_denied');
    const session = this.#session(context, now);
    if (!session) return refuse(context, 'login_required');
    const waitSec = this.#ofSession.take(session.key, now.monotonicMs);
    return waitSec > 0 ? refuse(context, 'temporarily_unavailable', waitSec) : session;
  }

  #session(context: OAuthContext, now: Now): Session | undefined {
    const session = this.#sessions.of(context, now);
    return session?.isGuest && !this.#pool.isHeld(session.impi, session.key, now) ? undefined : session;
  }

  /** The pages of this server and those of the client's origins; a program says nothing of either. */
  #admits(context: OAuthContext): boolean {
    const isOurs = (origin: string): boolean => this.#options.client.origins.includes(origin);
    allowOrigin(context, isOurs);
    context.header('Access-Control-Allow-Credentials', 'true');
    const origin = context.req.header('origin');
    if (origin !== undefined && isOurs(origin)) return true;
    const site = context.req.header('sec-fetch-site');
    return site === undefined || site === 'same-origin' || site === 'none';
  }

  #tokenEndSec({ unixMs }: Now): number {
    return Math.floor(unixMs / 1000) + Math.min(this.#options.registrationTokenSec, POOL_TOKEN_SEC);
  }

  #now(): Now {
    return this.#ports.clock.now();
  }
}

function refuse(context: OAuthContext, error: keyof typeof REFUSALS, retryAfterSec?: number): Response {
  noStore(context);
  if (retryAfterSec !== undefined) context.header('Retry-After', String(retryAfterSec));
  const [description, status] = REFUSALS[error];
  return context.json({ error, error_description: description }, status);
}

function problem(context: OAuthContext, text: string, status: 400 | 403 | 429 | 503): Response {
  noStore(context);
  context.header('Content-Security-Policy', loginPagePolicy([]));
  return context.html(problemPage(text), status);
}

function done(context: OAuthContext): Response {
  noStore(context);
  context.header('Content-Security-Policy', loginPagePolicy([]));
  return context.html(messagePage('Done', 'You can close this window.'));
}

function returnPath(path: string | undefined): string {
  return path !== undefined && RETURN_PATH.test(path) ? path : WWSF_PATHS.done;
}

/** What the issuer of credentials knows a session by. */
function registrationOf({ key }: Pick<Session, 'key'>): string {
  return `wwsf ${key}`;
}

function userPart(impi: string): string {
  return impi.slice(0, impi.lastIndexOf('@'));
}
