import { type Now } from '../../base/clock.ts';
import { type TurnTokenRequest } from '../as/token-maker.ts';
import { statusOf } from '../oauth-http.ts';
import { type OAuthError, type Scope } from '../oauth-words.ts';
import { type RegistrationToken, type TurnToken } from '../token-answers.ts';
import { type OAuthObservers, type TellAnswer, traceExchange } from '../web-trace.ts';
import { type WebIdentity } from '../web-users.ts';
import { type TokenAnswer, type TokenSource } from './token-source.ts';

export interface TokenDeskOptions {
  /** The client of the authorization server that the web server is. */
  readonly client: string;
  readonly source: TokenSource;
  readonly events: OAuthObservers;
}

/** Where the web server gets tokens. Observers hear of it as of a request by HTTP, also where the authorization server is in this process. */
export class TokenDesk {
  readonly #options: TokenDeskOptions;

  constructor(options: TokenDeskOptions) {
    this.#options = options;
  }

  async registrationToken(user: WebIdentity, now: Now): Promise<TokenAnswer<RegistrationToken>> {
    const tell = this.#ask('sip', user.impi);
    return this.#told(await this.#options.source.registrationToken(user, now), tell);
  }

  /** `person` of the request: the private identity of the user. */
  async turnToken(request: TurnTokenRequest, now: Now): Promise<TokenAnswer<TurnToken>> {
    const tell = this.#ask('turn', request.person);
    return this.#told(await this.#options.source.turnToken(request, now), tell);
  }

  /** Revokes the TURN tokens of a subject. */
  releaseTurn(subject: string): void {
    this.#options.source.releaseTurn(subject);
  }

  #ask(scope: Scope, impi: string | undefined): TellAnswer {
    const { events, source } = this.#options;
    return traceExchange(events, { from: 'wwsf', to: 'waf', what: 'token' }, () => {
      return { grant: source.grant, scope, impi };
    });
  }

  #told<Token>(answer: TokenAnswer<Token>, tell: TellAnswer): TokenAnswer<Token> {
    const { client, events } = this.#options;
    if (answer.kind === 'made') tell({ status: 200 });
    else {
      const error: OAuthError = answer.kind === 'refused' ? answer.error : 'temporarily_unavailable';
      events.emit('token-refused', { client, cause: error });
      tell({ status: statusOf(error), error });
    }
    return answer;
  }
}
