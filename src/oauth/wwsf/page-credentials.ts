import { type Clock, type Now } from '../../base/clock.ts';
import { settled } from '../../base/outcome.ts';
import { ok } from '../../base/result.ts';
import { type CredentialIssuer } from '../../credentials/credential.ts';
import { noStore, type OAuthContext } from '../oauth-http.ts';
import { turnFields } from '../token-answers.ts';
import { type OAuthObservers } from '../web-trace.ts';
import { type Guests } from './guests.ts';
import { type PageDoor } from './page-door.ts';
import { registrationOf, type Session } from './sessions.ts';
import { type TokenDesk } from './token-desk.ts';
import { type TokenAnswer } from './token-source.ts';
import { credentialFields, readTurnForm } from './turn-forms.ts';
import { refuse } from './wwsf-http.ts';

export interface PageCredentialsParts {
  readonly clock: Clock;
  readonly door: PageDoor;
  readonly guests: Guests;
  readonly desk: TokenDesk;
  readonly events: OAuthObservers;
  /** Makes TURN credentials; known once the server has started. */
  readonly issuer: () => CredentialIssuer;
  readonly uris: () => readonly string[];
}

const RETRY_SEC = 30;

/** What pages get for the user of their session: registration tokens, and TURN credentials in three shapes. */
export class PageCredentials {
  readonly #parts: PageCredentialsParts;

  constructor(parts: PageCredentialsParts) {
    this.#parts = parts;
  }

  async tellToken(context: OAuthContext): Promise<Response> {
    const { door, desk, guests } = this.#parts;
    const now = this.#now;
    const session = door.allowed(context, now);
    if (session instanceof Response) return session;
    if (!this.#keepsIdentity(session, now)) return this.#refuseGuest(context, session, now);
    const made = await desk.registrationToken(session, now);
    if (made.kind !== 'made') return refuseToken(context, made);
    const { token, expiresAtSec, impi, impus } = made.token;
    guests.tokenMade(session, expiresAtSec, now);
    noStore(context);
    return context.json({ token, expires_in: Math.floor(expiresAtSec - now.unixMs / 1000), impi, impu: impus });
  }

  async tellTurn(context: OAuthContext): Promise<Response> {
    const { door, guests, issuer, uris, events } = this.#parts;
    const now = this.#now;
    const session = door.allowed(context, now);
    if (session instanceof Response) return session;
    const form = readTurnForm(context.req.query('form'));
    if (form === undefined) return refuse(context, 'invalid_request');
    if (!this.#keepsIdentity(session, now)) return this.#refuseGuest(context, session, now);
    // A guest's credential ends with the loan of the identity.
    const notAfterSec = Math.min(session.endsAtSec, session.isGuest ? guests.loanEndSec(now) : Infinity);
    noStore(context);
    if (form === 'token') return this.#tellTurnToken(context, session, notAfterSec, now);
    const { impi } = session;
    const registrationId = registrationOf(session);
    const request = { registrationId, person: impi, grantedExpiresSec: 0, notAfterSec };
    const issued = await settled(issuer().issue(request, now));
    if (!issued.ok) return refuse(context, 'temporarily_unavailable', RETRY_SEC);
    const { name, expiresAtSec } = issued.value;
    events.emit('web-credential-issued', { impi, registrationId, name, expiresAtSec });
    return context.json(credentialFields(form, issued.value, uris(), now.unixMs));
  }

  /** Takes back the TURN credentials of a session that ends. */
  release(session: Session): void {
    this.#parts.issuer().release(registrationOf(session), 'revoke');
    this.#parts.desk.releaseTurn(registrationOf(session));
    this.#parts.events.emit('signed-out', { impi: session.impi });
  }

  async #tellTurnToken(context: OAuthContext, session: Session, notAfterSec: number, now: Now): Promise<Response> {
    const { desk, uris } = this.#parts;
    const request = { subject: registrationOf(session), person: session.impi, notAfterSec };
    const made = await desk.turnToken(request, now);
    if (made.kind !== 'made') return refuseToken(context, made);
    const fields = await settled(turnFields(ok(made.token), now));
    return fields.ok ? context.json({ ...fields.value, uris: uris() }) : refuse(context, 'unsupported');
  }

  #keepsIdentity(session: Session, now: Now): boolean {
    return !session.isGuest || this.#parts.guests.keep(session, now);
  }

  /** A guest who still has the identity has no other reason to be refused than that the loan cannot be booked. */
  #refuseGuest(context: OAuthContext, session: Session, now: Now): Response {
    return this.#parts.guests.holds(session, now)
      ? refuse(context, 'temporarily_unavailable', RETRY_SEC)
      : refuse(context, 'login_required');
  }

  get #now(): Now {
    return this.#parts.clock.now();
  }
}

function refuseToken(context: OAuthContext, answer: Exclude<TokenAnswer<unknown>, { kind: 'made' }>): Response {
  return answer.kind === 'refused'
    ? refuse(context, 'unsupported')
    : refuse(context, 'temporarily_unavailable', answer.retryAfterSec);
}
