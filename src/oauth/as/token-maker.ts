import { randomUUID } from 'node:crypto';
import { type Now } from '../../base/clock.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type AccessTokenIssuer } from '../../credentials/credential.ts';
import { type OAuthClient, type OAuthClients } from '../oauth-client.ts';
import { type OAuthError } from '../oauth-words.ts';
import { type RegistrationToken, type TurnToken } from '../token-answers.ts';
import { type OAuthObservers } from '../web-trace.ts';
import { type WebIdentity, type WebUsers } from '../web-users.ts';
import { type SigningRing } from './signing-ring.ts';

/** Longest life of a token for an identity that is lent. The identity goes to nobody else before its last token has ended. */
export const POOL_TOKEN_SEC = 900;

export interface TokenMakerOptions {
  /** URL of this authorization server, known once it listens. */
  readonly issuer: () => string;
  /** The audience (`aud`) of registration tokens: the edge. */
  readonly audience: string;
  /** Life of a registration token in seconds. */
  readonly registrationTokenSec: number;
  readonly ring: SigningRing;
  readonly users: WebUsers;
  readonly clients: OAuthClients;
  /** Makes TURN tokens; absent: this server makes none. */
  readonly turn: { readonly issuer: AccessTokenIssuer; readonly serverName: string } | undefined;
}

export interface TurnTokenRequest {
  /** Whom quotas of the TURN server count: a stable text; absent for an unknown user. */
  readonly subject?: string | undefined;
  /** The user by whom an operator finds the token: the private identity. Absent: the token is found by client and subject. */
  readonly person?: string | undefined;
  /** Name of the TURN server; absent when the client names none. */
  readonly audience?: string | undefined;
  /** UNIX seconds past which the token must not be good. */
  readonly notAfterSec?: number | undefined;
}

/** A signed registration token, with the name by which it can be declared void. */
export interface SignedRegistrationToken extends RegistrationToken {
  readonly jti: string;
}

/** Decides which client may have which token, and makes it. */
export class TokenMaker {
  readonly #options: TokenMakerOptions;
  readonly #events: OAuthObservers;
  /** Private identities of all pools. Nobody who logs in has one of them. */
  readonly #pooled: ReadonlySet<string>;

  constructor(options: TokenMakerOptions, events: OAuthObservers) {
    this.#options = options;
    this.#events = events;
    this.#pooled = new Set([...options.clients.values()].flatMap(({ pool }) => [...pool]));
  }

  /** A token for a user of whom the client says who it is: one of its pool, or any user if its word is taken for that. */
  registrationToken(client: OAuthClient, impi: string, now: Now): Result<SignedRegistrationToken, OAuthError> {
    const identity = this.identityOf(client, impi);
    return identity.ok ? ok(this.#sign(client, identity.value, client.pool.has(impi), now)) : identity;
  }

  /** Who that is, as far as the client may name the user. */
  identityOf(client: OAuthClient, impi: string): Result<WebIdentity, OAuthError> {
    if (client.pool.has(impi)) return ok({ impi, impus: [`sip:${impi}`] });
    if (!client.namesUsers || this.#pooled.has(impi)) return fail('unauthorized_client');
    const identity = this.#options.users.ofImpi(impi);
    return identity ? ok(identity) : fail('invalid_request');
  }

  /** A token for a user who has logged in here. */
  userToken(client: OAuthClient, identity: WebIdentity, now: Now): Result<SignedRegistrationToken, OAuthError> {
    if (this.#pooled.has(identity.impi)) return fail('unauthorized_client');
    return ok(this.#sign(client, identity, false, now));
  }

  turnToken(client: OAuthClient, request: TurnTokenRequest, now: Now): Outcome<Result<TurnToken, OAuthError>> {
    const { turn } = this.#options;
    if (!turn) return fail('invalid_scope');
    const { issuer, serverName } = turn;
    if (request.audience !== undefined && request.audience !== serverName) return fail('invalid_target');
    const registrationId = turnRegistration(client, request.subject ?? randomUUID());
    const person = request.person ?? registrationId;
    const { notAfterSec } = request;
    if (notAfterSec !== undefined && notAfterSec <= now.unixMs / 1000) return fail('invalid_request');
    const issued = issuer.issue(
      {
        registrationId,
        person,
        client: client.id,
        grantedExpiresSec: 0,
        ...(notAfterSec !== undefined && { notAfterSec }),
      },
      now,
    );
    return mapOutcome(issued, (credential): Result<TurnToken, OAuthError> => {
      if (!credential.ok) return fail('temporarily_unavailable');
      const { kid, key, token, expiresAtSec, user: name } = credential.value;
      const { person: impi } = request;
      this.#events.emit('token-issued', { client: client.id, scope: 'turn', impi, name, expiresAtSec });
      return ok({ kid, key, expiresAtSec, token: token.toString('base64'), audience: serverName });
    });
  }

  /** Revokes the TURN tokens of a subject. */
  releaseTurn(client: OAuthClient, subject: string): void {
    this.#options.turn?.issuer.release(turnRegistration(client, subject), 'revoke');
  }

  #sign(client: OAuthClient, { impi, impus }: WebIdentity, isPool: boolean, now: Now): SignedRegistrationToken {
    const { issuer, audience, registrationTokenSec, ring } = this.#options;
    const iat = Math.floor(now.unixMs / 1000);
    const expiresAtSec = iat + (isPool ? Math.min(registrationTokenSec, POOL_TOKEN_SEC) : registrationTokenSec);
    const jti = randomUUID();
    const token = ring.sign({
      iss: issuer(),
      sub: impi,
      aud: audience,
      iat,
      exp: expiresAtSec,
      jti,
      client_id: client.id,
      scope: 'sip',
      impi,
      impu: impus,
      ...(isPool && { pool: true }),
      ...(client.origins.length > 0 && { origins: client.origins }),
    });
    this.#events.emit('token-issued', { client: client.id, scope: 'sip', impi, expiresAtSec });
    return { token, expiresAtSec, impi, impus, jti };
  }
}

function turnRegistration({ id }: OAuthClient, subject: string): string {
  return `${id} ${subject}`;
}
