import { hash } from 'node:crypto';
import { type Clock, type Now } from '../../base/clock.ts';
import { settled } from '../../base/outcome.ts';
import { type Result } from '../../base/result.ts';
import { type Form, parseForm, readForm } from '../form.ts';
import { noStore, type OAuthContext, remoteAddressOf } from '../oauth-http.ts';
import { FormGuard } from '../login/form-guard.ts';
import { LOGIN_FAILURES, type LoginCheck } from '../login/login-check.ts';
import { loginPage, loginPagePolicy, problemPage } from '../login/login-page.ts';
import { type OAuthClients } from '../oauth-client.ts';
import { OAUTH_ERRORS, type OAuthError } from '../oauth-words.ts';
import { registrationFields, type TokenFields, turnFields } from '../token-answers.ts';
import { askedFor, type OAuthObservers, type TellAnswer, traceExchange } from '../web-trace.ts';
import { type WebUser } from '../web-users.ts';
import { type AuthorizationCodes } from './authorization-codes.ts';
import { answerUrl, type AuthorizationRequest, readAuthorizationRequest } from './authorization-request.ts';
import { type TokenMaker } from './token-maker.ts';

export interface AuthorizeParts {
  readonly clients: OAuthClients;
  readonly allowsImplicit: boolean;
  readonly issuer: () => string;
  readonly maker: TokenMaker;
  readonly codes: AuthorizationCodes;
  readonly login: LoginCheck;
  readonly clock: Clock;
  readonly events: OAuthObservers;
}

export const LOGIN_PATH = '/oauth/login';

const STALE = 'This page was open for too long, or belongs to another browser. Log in again.';

/** The authorization endpoint (RFC 6749 §3.1): the user logs in, for one client and one token. No session is kept. */
export class AuthorizeEndpoint {
  readonly #parts: AuthorizeParts;
  readonly #guard = new FormGuard('epcscf-turn-login');

  constructor(parts: AuthorizeParts) {
    this.#parts = parts;
  }

  get(context: OAuthContext): Response | Promise<Response> {
    const form = parseForm(new URL(context.req.url).search);
    if (!form.ok) return refusePage(context, 'invalid_request');
    const tell = this.#trace('authorization', form.value);
    const request = this.#read(context, form.value);
    const answer = request instanceof Response ? request : this.#ask(context, request, form.value);
    tell({ status: answer.status, error: context.get('error') });
    return answer;
  }

  /** Takes the login form. The client's request comes back in it and is checked again. */
  async post(context: OAuthContext): Promise<Response> {
    const form = await readForm(context);
    const asked = form.ok ? parseForm(form.value.get('request') ?? '') : form;
    if (!form.ok || !asked.ok) return refusePage(context, 'invalid_request');
    const tell = this.#trace('login', asked.value);
    const answer = await this.#serve(context, form.value, asked.value);
    tell({ status: answer.status, impi: context.get('impi'), error: context.get('error') });
    return answer;
  }

  async #serve(context: OAuthContext, form: Form, asked: Form): Promise<Response> {
    const { clock, login, events } = this.#parts;
    const request = this.#read(context, asked);
    if (request instanceof Response) return request;
    if (!this.#guard.isSealed(context, form.get('seal'))) {
      events.emit('sign-in-refused', { at: 'waf', cause: 'stale-form' });
      return this.#ask(context, request, asked, STALE);
    }
    if (form.get('action') === 'cancel') return this.#refuse(context, request, 'access_denied');
    const now = clock.now();
    const name = form.get('user') ?? '';
    const user = login.check(name, form.get('password') ?? '', remoteAddressOf(context), now);
    if (!user.ok) {
      events.emit('sign-in-refused', { at: 'waf', cause: user.reason });
      context.status(user.reason === 'too-many-failures' ? 429 : 401);
      return this.#ask(context, request, asked, LOGIN_FAILURES[user.reason], name);
    }
    const { impi } = user.value;
    context.set('impi', impi);
    events.emit('signed-in', { at: 'waf', by: 'password', impi });
    const answer = await this.#grant(request, user.value, now);
    return answer.ok ? this.#redirect(context, request, answer.value) : this.#refuse(context, request, answer.reason);
  }

  /** The form that asks and the form that is sent are one exchange: both have all that the client has asked for. */
  #trace(what: 'authorization' | 'login', asked: Form): TellAnswer {
    const passing = { from: 'wic', to: 'waf', what } as const;
    return traceExchange(this.#parts.events, passing, () => {
      const exchange = hash('sha256', new URLSearchParams([...asked]).toString(), 'base64url').slice(0, 12);
      return { ...askedFor(asked), exchange };
    });
  }

  #refuse(context: OAuthContext, request: AuthorizationRequest, error: OAuthError): Response {
    this.#parts.events.emit('token-refused', { client: request.client.id, cause: error });
    context.set('error', error);
    return this.#redirect(context, request, { error });
  }

  #read(context: OAuthContext, form: Form): AuthorizationRequest | Response {
    const { clients, allowsImplicit, issuer } = this.#parts;
    const read = readAuthorizationRequest(form, clients, allowsImplicit);
    if (read.kind === 'good') return read.request;
    if (read.kind === 'refused') return refusePage(context, read.error);
    noStore(context);
    context.set('error', read.error);
    return context.redirect(answerUrl(read.target, issuer(), { error: read.error }), 303);
  }

  #ask(context: OAuthContext, request: AuthorizationRequest, form: Form, problem?: string, user?: string): Response {
    noStore(context);
    context.header('Content-Security-Policy', loginPagePolicy([targetOf(request.redirectUri)]));
    const hidden = { request: new URLSearchParams([...form]).toString(), seal: this.#guard.seal(context) };
    return context.body(loginPage({ action: LOGIN_PATH, hidden, problem, client: request.client.id, user }), {
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
    });
  }

  async #grant(request: AuthorizationRequest, user: WebUser, now: Now): Promise<Result<TokenFields, OAuthError>> {
    const { maker, codes } = this.#parts;
    const { client, redirectUri, challenge, scope, audience } = request;
    const identity = { impi: user.impi, impus: user.impus };
    if (challenge !== undefined) {
      const grant = { clientId: client.id, redirectUri, challenge, scope, audience, identity };
      return { ok: true, value: { code: codes.issue(grant, now.monotonicMs) } };
    }
    if (scope === 'sip') return registrationFields(maker.userToken(client, identity, now), now);
    return settled(turnFields(maker.turnToken(client, { subject: user.impi, person: user.impi, audience }, now), now));
  }

  #redirect(context: OAuthContext, request: AuthorizationRequest, fields: TokenFields): Response {
    noStore(context);
    // 303: the password must not be sent on (RFC 9700 §4.12).
    return context.redirect(answerUrl(request, this.#parts.issuer(), fields), 303);
  }
}

function refusePage(context: OAuthContext, error: OAuthError): Response {
  noStore(context);
  context.header('Content-Security-Policy', loginPagePolicy([]));
  return context.html(problemPage(OAUTH_ERRORS[error]), 400);
}

/** The target of a redirection as a content security policy names it: the origin of a web page, or the scheme of an app. */
function targetOf(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri);
  return origin === 'null' ? protocol : origin;
}
