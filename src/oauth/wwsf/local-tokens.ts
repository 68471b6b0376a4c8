import { type Now } from '../../base/clock.ts';
import { settled } from '../../base/outcome.ts';
import { type Result } from '../../base/result.ts';
import { type TokenMaker, type TurnTokenRequest } from '../as/token-maker.ts';
import { type OAuthClient } from '../oauth-client.ts';
import { type OAuthError } from '../oauth-words.ts';
import { type RegistrationToken, type TurnToken } from '../token-answers.ts';
import { type WebIdentity } from '../web-users.ts';
import { type TokenAnswer, type TokenSource } from './token-source.ts';

const RETRY_SEC = 30;

/** Tokens of the authorization server of this process, which needs no proof of the client. */
export class LocalTokens implements TokenSource {
  readonly grant = 'client_credentials';
  readonly #maker: TokenMaker;
  readonly #client: OAuthClient;

  constructor(maker: TokenMaker, client: OAuthClient) {
    this.#maker = maker;
    this.#client = client;
  }

  registrationToken({ impi }: WebIdentity, now: Now): Promise<TokenAnswer<RegistrationToken>> {
    return Promise.resolve(answerOf(this.#maker.registrationToken(this.#client, impi, now)));
  }

  async turnToken(request: TurnTokenRequest, now: Now): Promise<TokenAnswer<TurnToken>> {
    return answerOf(await settled(this.#maker.turnToken(this.#client, request, now)));
  }

  releaseTurn(subject: string): void {
    this.#maker.releaseTurn(this.#client, subject);
  }
}

function answerOf<Token>(made: Result<Token, OAuthError>): TokenAnswer<Token> {
  if (made.ok) return { kind: 'made', token: made.value };
  return made.reason === 'temporarily_unavailable'
    ? { kind: 'unavailable', retryAfterSec: RETRY_SEC }
    : { kind: 'refused', error: made.reason };
}
