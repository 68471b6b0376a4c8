import { type Now } from '../../base/clock.ts';
import { type TurnTokenRequest } from '../as/token-maker.ts';
import { type Grant, type OAuthError } from '../oauth-words.ts';
import { type RegistrationToken, type TurnToken } from '../token-answers.ts';
import { type WebIdentity } from '../web-users.ts';

/** `refused`: the authorization server makes no such token. `unavailable`: it cannot be asked, or has too much to do, for so many seconds. */
export type TokenAnswer<Token> =
  | { readonly kind: 'made'; readonly token: Token }
  | { readonly kind: 'refused'; readonly error: OAuthError }
  | { readonly kind: 'unavailable'; readonly retryAfterSec: number };

/** The authorization server (WAF) as its web server (WWSF) knows it: in this process, or on another machine. Never rejects. */
export interface TokenSource {
  /** The grant by which it is asked for tokens of users. */
  readonly grant: Grant;
  /** Gets a token by which this user registers. */
  registrationToken(user: WebIdentity, now: Now): Promise<TokenAnswer<RegistrationToken>>;
  /** `person` of the request: the private identity of the user. */
  turnToken(request: TurnTokenRequest, now: Now): Promise<TokenAnswer<TurnToken>>;
  /** Revokes the TURN tokens of a subject, as far as the authorization server lets its clients do that. */
  releaseTurn(subject: string): void;
}
