import { type Now } from '../../base/clock.ts';
import { settled } from '../../base/outcome.ts';
import { type Result } from '../../base/result.ts';
import { type TokenMaker, type TurnTokenRequest } from '../as/token-maker.ts';
import { type OAuthClient } from '../oauth-client.ts';
import { statusOf } from '../oauth-http.ts';
import { type OAuthError, type Scope } from '../oauth-words.ts';
import { type RegistrationToken, type TurnToken } from '../token-answers.ts';
import { type OAuthObservers, type TellAnswer, traceExchange } from '../web-trace.ts';

export interface TokenDeskOptions {
  /** The client of the authorization server that the web server is. */
  readonly client: OAuthClient;
  readonly maker: TokenMaker;
  readonly events: OAuthObservers;
}

/** Where the web server gets tokens: of the authorization server in this process, without HTTP between them. Observers hear of it as of a request by HTTP. */
export class TokenDesk {
  readonly #options: TokenDeskOptions;

  constructor(options: TokenDeskOptions) {
    this.#options = options;
  }

  registrationToken(impi: string, now: Now): Result<RegistrationToken, OAuthError> {
    const { client, maker } = this.#options;
    const tell = this.#ask('sip', impi);
    return this.#told(maker.registrationToken(client, impi, now), tell);
  }

  /** `person` of the request: the private identity of the user. */
  async turnToken(request: TurnTokenRequest, now: Now): Promise<Result<TurnToken, OAuthError>> {
    const { client, maker } = this.#options;
    const tell = this.#ask('turn', request.person);
    return this.#told(await settled(maker.turnToken(client, request, now)), tell);
  }

  /** Revokes the TURN tokens of a subject. */
  releaseTurn(subject: string): void {
    const { client, maker } = this.#options;
    maker.releaseTurn(client, subject);
  }

  #ask(scope: Scope, impi: string | undefined): TellAnswer {
    return traceExchange(this.#options.events, { from: 'wwsf', to: 'waf', what: 'token' }, () => {
      return { grant: 'client_credentials', scope, impi };
    });
  }

  #told<T>(made: Result<T, OAuthError>, tell: TellAnswer): Result<T, OAuthError> {
    const { client, events } = this.#options;
    if (made.ok) tell({ status: 200 });
    else {
      events.emit('token-refused', { client: client.id, cause: made.reason });
      tell({ status: statusOf(made.reason), error: made.reason });
    }
    return made;
  }
}
