import { type Now } from '../../base/clock.ts';
import { noStore, type OAuthContext } from '../oauth-http.ts';
import { type SignInRefusal, type SignInWay } from '../oauth-words.ts';
import { type OAuthObservers } from '../web-trace.ts';
import { type WebIdentity } from '../web-users.ts';
import { registrationOf, type Session, Sessions } from './sessions.ts';

/** The end of each way to sign in: a session, of which observers hear, or the cause why there is none. */
export class SignIn {
  readonly #sessions: Sessions;
  readonly #events: OAuthObservers;

  constructor(sessions: Sessions, events: OAuthObservers) {
    this.#sessions = sessions;
    this.#events = events;
  }

  begin(context: OAuthContext, by: SignInWay, identity: WebIdentity, now: Now, name = Sessions.fresh()): Session {
    const { impi, impus } = identity;
    const session = this.#sessions.begin(context, name.cookie, { impi, impus, isGuest: by === 'guest' }, now);
    context.set('impi', impi);
    noStore(context);
    this.#events.emit('signed-in', { at: 'wwsf', by, impi, registrationId: registrationOf(session) });
    return session;
  }

  refused(cause: SignInRefusal): void {
    this.#events.emit('sign-in-refused', { at: 'wwsf', cause });
  }
}
