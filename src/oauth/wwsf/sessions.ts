import { hash, randomBytes } from 'node:crypto';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { type OAuthContext } from '../oauth-http.ts';
import { type WebIdentity } from '../web-users.ts';

/** The session of a browser: which user it is. */
export interface Session extends WebIdentity {
  /** Names the session within this process; the cookie cannot be found from it. */
  readonly key: string;
  /** Whether the user is a guest, whose identity is lent. */
  readonly isGuest: boolean;
  /** When the session ends, in UNIX seconds. */
  readonly endsAtSec: number;
}

const COOKIE = 'epcscf-turn-session';
const COOKIE_FORM = /^[\w-]{43}$/;
const MAX_SESSIONS = 50_000;

/** Sessions of browsers. Guests have a table of their own, so that no number of them ends the session of a user who has logged in. */
export class Sessions {
  readonly #sessionSec: number;
  readonly #users = new BoundedMap<Session>(MAX_SESSIONS);
  readonly #guests = new BoundedMap<Session>(MAX_SESSIONS);

  constructor(sessionSec: number) {
    this.#sessionSec = sessionSec;
  }

  /** The name of a session to come: for what must be done in its name first. */
  static fresh(): { readonly cookie: string; readonly key: string } {
    const cookie = randomBytes(32).toString('base64url');
    return { cookie, key: keyOf(cookie) };
  }

  /** Begins a session, always under a new cookie, and ends the one before. */
  begin(
    context: OAuthContext,
    cookie: string,
    { impi, impus, isGuest }: WebIdentity & { readonly isGuest: boolean },
    now: Now,
  ): Session {
    this.end(context);
    const key = keyOf(cookie);
    const endsAtSec = Math.floor(now.unixMs / 1000) + this.#sessionSec;
    const session = { key, impi, impus, isGuest, endsAtSec };
    (isGuest ? this.#guests : this.#users).set(key, session);
    const options = { path: '/', secure: true, httpOnly: true, sameSite: 'Strict', maxAge: this.#sessionSec } as const;
    setCookie(context, COOKIE, cookie, { ...options, prefix: 'host' });
    return session;
  }

  of(context: OAuthContext, now: Now): Session | undefined {
    const cookie = getCookie(context, COOKIE, 'host');
    if (cookie === undefined || !COOKIE_FORM.test(cookie)) return undefined;
    const key = keyOf(cookie);
    const session = this.#users.get(key) ?? this.#guests.get(key);
    return session && session.endsAtSec * 1000 > now.unixMs ? session : undefined;
  }

  end(context: OAuthContext): void {
    const cookie = getCookie(context, COOKIE, 'host');
    if (cookie === undefined) return;
    this.#users.delete(keyOf(cookie));
    this.#guests.delete(keyOf(cookie));
    deleteCookie(context, COOKIE, { path: '/', secure: true, prefix: 'host' });
  }
}

/** The id by which issuers of credentials know a session. */
export function registrationOf({ key }: Pick<Session, 'key'>): string {
  return `wwsf ${key}`;
}

function keyOf(cookie: string): string {
  return hash('sha256', cookie, 'base64url');
}
