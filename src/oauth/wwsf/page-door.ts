import { type Now } from '../../base/clock.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { allowOrigin, type OAuthContext } from '../oauth-http.ts';
import { type Guests } from './guests.ts';
import { type Session, type Sessions } from './sessions.ts';
import { refuse } from './wwsf-http.ts';

export interface PageDoorParts {
  /** Origins elsewhere whose pages may ask. */
  readonly origins: readonly string[];
  /** URL of this server, known once it listens. */
  readonly ownUrl: () => string;
  readonly sessions: Sessions;
  readonly guests: Guests;
}

/** Limit for tokens and credentials of one session. */
const OF_SESSION = { burst: 20, perSec: 0.2, maxKeys: 50_000 };

/** Decides which pages may ask, and for which session. */
export class PageDoor {
  readonly #parts: PageDoorParts;
  readonly #ofSession = new TokenBuckets(OF_SESSION);

  constructor(parts: PageDoorParts) {
    this.#parts = parts;
  }

  /** Whether a request may come in: from pages of this server, from pages of the listed origins, and from programs, which send no Origin. */
  admits(context: OAuthContext): boolean {
    const isListed = (origin: string): boolean => this.#parts.origins.includes(origin);
    allowOrigin(context, isListed);
    context.header('Access-Control-Allow-Credentials', 'true');
    const origin = context.req.header('origin');
    if (origin !== undefined && isListed(origin)) return true;
    const site = context.req.header('sec-fetch-site');
    if (site !== undefined) return site === 'same-origin' || site === 'none';
    // A browser of before 2023 says Origin alone.
    return origin === undefined || this.#isOwn(origin, context.req.header('host'));
  }

  /** The session of a page that may ask, and does not ask too often. */
  allowed(context: OAuthContext, now: Now): Session | Response {
    if (!this.admits(context)) return refuse(context, 'access_denied');
    const session = this.session(context, now);
    if (!session) return refuse(context, 'login_required');
    const waitSec = this.#ofSession.take(session.key, now.monotonicMs);
    return waitSec > 0 ? refuse(context, 'too_many_requests', waitSec) : session;
  }

  /** The session of a request. A guest whose identity has gone to another has none. */
  session(context: OAuthContext, now: Now): Session | undefined {
    const { sessions, guests } = this.#parts;
    const session = sessions.of(context, now);
    return session?.isGuest && !guests.holds(session, now) ? undefined : session;
  }

  /** Whether an origin is this server's: by the configured URL, or by the name that the browser asked for. */
  #isOwn(origin: string, host: string | undefined): boolean {
    return origin === this.#parts.ownUrl() || (host !== undefined && origin === `https://${host}`);
  }
}
