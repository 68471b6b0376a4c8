import { type Clock, type Now } from '../../base/clock.ts';
import { type Outcome, settled } from '../../base/outcome.ts';
import { fail, type Result } from '../../base/result.ts';
import { type Form, parseForm, readForm } from '../form.ts';
import { allowOrigin, noStore, type OAuthContext, refuse, remoteAddressOf, statusOf } from '../oauth-http.ts';
import { type OAuthClient } from '../oauth-client.ts';
import { type ClientRefusal, JWT_BEARER, type OAuthError } from '../oauth-words.ts';
import { registrationFields, type TokenFields, turnFields } from '../token-answers.ts';
import { askedFor, type OAuthObservers, type TellAnswer, traceExchange } from '../web-trace.ts';
import { type AuthorizationCodes } from './authorization-codes.ts';
import { type ClientDoor } from './client-door.ts';
import { type SignedAssertions } from './signed-assertions.ts';
import { type TokenMaker } from './token-maker.ts';
import { readGrant, readTokenWish } from './token-request.ts';

export interface TokenEndpointParts {
  readonly door: ClientDoor;
  readonly assertions: SignedAssertions;
  readonly maker: TokenMaker;
  readonly codes: AuthorizationCodes;
  readonly clock: Clock;
  /** Whether an origin is one of pages that are clients themselves. */
  readonly isClientOrigin: (origin: string) => boolean;
  /** Whether GET with `client_password` is served (TS 33.203 X.5.3.2). */
  readonly takesGet: boolean;
  readonly events: OAuthObservers;
  /** Hears of assertions about users that were not believed. */
  readonly report: (remoteAddress: string, cause: ClientRefusal, now: Now) => void;
}

/** The token endpoint (RFC 6749 §3.2). */
export class TokenEndpoint {
  readonly #parts: TokenEndpointParts;

  constructor(parts: TokenEndpointParts) {
    this.#parts = parts;
  }

  async post(context: OAuthContext): Promise<Response> {
    allowOrigin(context, this.#parts.isClientOrigin);
    const form = await readForm(context);
    if (!form.ok) return refuse(context, 'invalid_request');
    return this.#serve(context, form.value);
  }

  /** A token request by GET, as the text of TS 33.203 X.5.3.2 shows it. Off by default: parameters in a URL end up in logs. */
  get(context: OAuthContext): Promise<Response> | Response {
    if (!this.#parts.takesGet) {
      context.header('Allow', 'POST');
      return context.json({ error: 'invalid_request', error_description: 'The token endpoint takes POST.' }, 405);
    }
    const form = parseForm(new URL(context.req.url).search);
    if (!form.ok) return refuse(context, 'invalid_request');
    const { client_password: secret, ...others } = Object.fromEntries(form.value);
    const named = Object.entries({ grant_type: 'client_credentials', ...others });
    return this.#serve(context, new Map(secret === undefined ? named : [...named, ['client_secret', secret]]));
  }

  async #serve(context: OAuthContext, form: Form): Promise<Response> {
    const { door, clock, events } = this.#parts;
    const tell = this.#trace(context, form);
    const now = clock.now();
    const client = door.admit(context, form, now, (cause) => {
      events.emit('token-refused', { client: undefined, cause });
    });
    if (client instanceof Response) {
      tell({ status: client.status });
      return client;
    }
    const answer = await settled(this.#answer(context, client, form, now));
    if (!answer.ok) {
      events.emit('token-refused', { client: client.id, cause: answer.reason });
      tell({ status: statusOf(answer.reason), error: answer.reason });
      return refuse(context, answer.reason);
    }
    tell({ status: 200, scope: answer.value.scope === 'turn' ? 'turn' : 'sip' });
    noStore(context);
    return context.json(answer.value);
  }

  /** A client that can keep a secret is a web server; one that shows none is a program in the hands of its user. */
  #trace({ req }: OAuthContext, form: Form): TellAnswer {
    const showsProof =
      req.header('authorization') !== undefined || form.has('client_secret') || form.has('client_assertion');
    const passing = { from: showsProof ? 'wwsf' : 'wic', to: 'waf', what: 'token' } as const;
    return traceExchange(this.#parts.events, passing, () => askedFor(form));
  }

  #answer(context: OAuthContext, client: OAuthClient, form: Form, now: Now): Outcome<Result<TokenFields, OAuthError>> {
    const grant = readGrant(form);
    if (!grant.ok) return grant;
    if (!client.grants.has(grant.value)) return fail('unauthorized_client');
    if (grant.value === 'client_credentials') return this.#forClient(client, form, now);
    return grant.value === JWT_BEARER ? this.#forUser(context, client, form, now) : this.#forCode(client, form, now);
  }

  #forClient(client: OAuthClient, form: Form, now: Now): Outcome<Result<TokenFields, OAuthError>> {
    // RFC 6749 §4.4: for confidential clients only.
    if (client.proof.kind === 'none') return fail('unauthorized_client');
    const wish = readTokenWish(form, client);
    if (!wish.ok) return wish;
    const { maker } = this.#parts;
    const { scope, impi, subject = impi, audience, notAfterSec } = wish.value;
    if (scope === 'turn') return turnFields(maker.turnToken(client, { subject, audience, notAfterSec }, now), now);
    return impi === undefined
      ? fail('invalid_request')
      : registrationFields(maker.registrationToken(client, impi, now), now);
  }

  /** RFC 7521 §6.3: the client acts on behalf of a user whom it names by its own signature. */
  #forUser(context: OAuthContext, client: OAuthClient, form: Form, now: Now): Outcome<Result<TokenFields, OAuthError>> {
    const { maker, assertions, report } = this.#parts;
    const wish = readTokenWish(form, client);
    if (!wish.ok) return wish;
    const assertion = form.get('assertion');
    if (assertion === undefined) return fail('invalid_request');
    const named = assertions.checkUser(client, assertion, Math.floor(now.unixMs / 1000));
    if (!named.ok) {
      report(remoteAddressOf(context), named.reason, now);
      return fail('invalid_grant');
    }
    const impi = named.value;
    const { scope, audience, notAfterSec, subject = impi } = wish.value;
    const identity = maker.identityOf(client, impi);
    // RFC 7523 §3.1: whatever is wrong with the assertion has this name.
    if (!identity.ok) return fail(identity.reason === 'invalid_request' ? 'invalid_grant' : identity.reason);
    if (scope === 'sip') return registrationFields(maker.registrationToken(client, impi, now), now);
    return turnFields(maker.turnToken(client, { subject, person: impi, audience, notAfterSec }, now), now);
  }

  #forCode(client: OAuthClient, form: Form, now: Now): Outcome<Result<TokenFields, OAuthError>> {
    const { maker, codes } = this.#parts;
    const code = form.get('code');
    if (code === undefined) return fail('invalid_request');
    const proof = { clientId: client.id, redirectUri: form.get('redirect_uri'), verifier: form.get('code_verifier') };
    const granted = codes.redeem(code, proof, now.monotonicMs);
    if (!granted.ok) return granted;
    const { scope, audience, identity } = granted.value;
    if (scope === 'turn')
      return turnFields(maker.turnToken(client, { subject: identity.impi, person: identity.impi, audience }, now), now);
    const token = maker.userToken(client, identity, now);
    if (token.ok) codes.note(code, token.value.jti);
    return registrationFields(token, now);
  }
}
