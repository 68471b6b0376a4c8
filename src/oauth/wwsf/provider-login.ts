import { type Clock } from '../../base/clock.ts';
import { noStore, type OAuthContext, remoteAddressOf } from '../oauth-http.ts';
import { type WebIdentity, type WebUsers } from '../web-users.ts';
import { type LoginAllowance } from './login-allowance.ts';
import { type LoginProvider } from './openid-login.ts';
import { keepTrip, takeTrip } from './openid-trip.ts';
import { type SignIn } from './sign-in.ts';
import { type SignInRefusal } from '../oauth-words.ts';
import { returnPath, showProblem, WWSF_PATHS } from './wwsf-http.ts';

export interface ProviderLoginParts {
  readonly clock: Clock;
  readonly openId: LoginProvider;
  readonly users: WebUsers;
  /** Whether a name that is not listed stands for the user of that name in the home domain. */
  readonly mapsUnlisted: boolean;
  /** Private identities of the pool. Nobody who logs in has one of them. */
  readonly pool: ReadonlySet<string>;
  readonly signIn: SignIn;
  readonly allowance: LoginAllowance;
  /** URL of this server, known once it listens. */
  readonly ownUrl: () => string;
  /** Called with the reason when a provider logs nobody in. */
  readonly reportProvider: (error: unknown) => void;
}

/** Problem pages: what the user is told, and the HTTP status. */
const PROBLEMS = {
  'stale-form': ['This page was open for too long, or belongs to another browser. Log in again.', 400],
  'too-many-logins': ['Too many logins came from this address, or of this user. Wait a minute, then try again.', 429],
  'provider-unavailable': ['The server that logs users in does not answer. Try again later.', 503],
  'provider-refused': ['The server that logs users in did not say who you are. Log in again.', 400],
  'unknown-user': ['You are logged in, but have no account here.', 403],
} as const satisfies Partial<Record<SignInRefusal, readonly [string, 400 | 403 | 429 | 503]>>;

/** An OpenID provider logs users in: the browser goes there and comes back. */
export class ProviderLogin {
  readonly #parts: ProviderLoginParts;

  constructor(parts: ProviderLoginParts) {
    this.#parts = parts;
  }

  async leave(context: OAuthContext): Promise<Response> {
    const { clock, openId, allowance, reportProvider } = this.#parts;
    if (!allowance.takeStep(remoteAddressOf(context), clock.now())) return this.#refuse(context, 'too-many-logins');
    try {
      const { url, trip } = await openId.begin(this.#callbackUrl);
      keepTrip(context, { ...trip, back: returnPath(context.req.query('return')) });
      noStore(context);
      return context.redirect(url, 303);
    } catch (error) {
      reportProvider(error);
      return this.#refuse(context, 'provider-unavailable');
    }
  }

  async comeBack(context: OAuthContext): Promise<Response> {
    const { clock, openId, allowance, signIn, reportProvider } = this.#parts;
    // Of its own, as anybody can come back who has never left, and the provider is asked.
    if (!allowance.takeStep(remoteAddressOf(context), clock.now())) return this.#refuse(context, 'too-many-logins');
    const trip = takeTrip(context);
    if (!trip) return this.#refuse(context, 'stale-form');
    const { search } = new URL(context.req.url);
    let name: string | undefined;
    try {
      name = await openId.finish(new URL(`${this.#callbackUrl}${search}`), trip);
    } catch (error) {
      reportProvider(error);
      return this.#refuse(context, 'provider-refused');
    }
    const identity = name === undefined ? undefined : this.#identityOf(name);
    if (!identity) return this.#refuse(context, 'unknown-user');
    const now = clock.now();
    if (!allowance.takeSession(identity.impi, now)) return this.#refuse(context, 'too-many-logins');
    signIn.begin(context, 'openid', identity, now);
    return context.redirect(returnPath(trip.back), 303);
  }

  #refuse(context: OAuthContext, cause: keyof typeof PROBLEMS): Response {
    this.#parts.signIn.refused(cause);
    const [text, status] = PROBLEMS[cause];
    return showProblem(context, text, status);
  }

  #identityOf(name: string): WebIdentity | undefined {
    const { users, mapsUnlisted, pool } = this.#parts;
    const identity = users.find(name) ?? (mapsUnlisted ? users.unlisted(name) : undefined);
    return identity && !pool.has(identity.impi) ? identity : undefined;
  }

  get #callbackUrl(): string {
    return `${this.#parts.ownUrl()}${WWSF_PATHS.callback}`;
  }
}
