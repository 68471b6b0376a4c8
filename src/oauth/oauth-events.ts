import { type TurnForm } from './wwsf/turn-forms.ts';
import {
  type Grant,
  type OAuthError,
  type Scope,
  type SignInRefusal,
  type SignInWay,
  type TokenRefusal,
  type WebExchange,
} from './oauth-words.ts';

/** A party of figures X.5.3.2-1 and 6.3.2.2-1. */
export type WebParty = 'wic' | 'wwsf' | 'waf';

/** What a request of the web is about, as far as it says. */
export interface WebFacts {
  /** How the client wants to get a token, and which. */
  readonly grant?: Grant | undefined;
  readonly scope?: Scope | undefined;
  /** In which shape a page wants TURN credentials. */
  readonly form?: TurnForm | undefined;
  /** Private identity of the user, where it is known. */
  readonly impi?: string | undefined;
}

/** A request to the web server or to the authorization server, or its answer. */
export interface WebMessage extends WebFacts {
  /** Id of the exchange: the same in a request and its answer, and in all requests of one authorization. */
  readonly exchange: string;
  readonly from: WebParty;
  readonly to: WebParty;
  readonly what: WebExchange;
  /** HTTP status of an answer; absent for a request. Within one process: the status that HTTP would have. */
  readonly status?: number | undefined;
  /** What the answer says is wrong. */
  readonly error?: OAuthError | undefined;
}

/** What authorization server (WAF) and web server (WWSF) tell observers. No payload holds a token, a key, a password or a cookie. */
export interface OAuthEvents {
  'web-message': WebMessage;
  'signed-in': {
    readonly at: 'wwsf' | 'waf';
    readonly by: SignInWay;
    readonly impi: string;
    /** What issuers of credentials know the session by; absent at the authorization server, which has no sessions. */
    readonly registrationId?: string | undefined;
  };
  'sign-in-refused': { readonly at: 'wwsf' | 'waf'; readonly cause: SignInRefusal };
  'signed-out': { readonly impi: string };
  'token-issued': {
    /** The client that asked. */
    readonly client: string;
    readonly scope: Scope;
    /** Private identity of the user, where it is known. */
    readonly impi: string | undefined;
    /** u, the TURN name of the holder; absent for a registration token. */
    readonly name?: string | undefined;
    readonly expiresAtSec: number;
  };
  'token-refused': { readonly client: string | undefined; readonly cause: TokenRefusal };
  /** A credential of the web server's own: what `credential-issued` is at the edge. */
  'web-credential-issued': {
    readonly impi: string;
    readonly registrationId: string;
    /** u, the pseudonymous TURN name. */
    readonly name: string;
    readonly expiresAtSec: number;
  };
}

/** What each event of the two says. */
export const OAUTH_EVENTS = {
  'web-message': 'A request to the web server or to the authorization server came, or its answer left.',
  'signed-in': 'A user is known to the web server, or to the authorization server, from here on.',
  'sign-in-refused': 'Somebody wanted to sign in and could not.',
  'signed-out': 'A user has logged out at the web server.',
  'token-issued': 'The authorization server has made a token.',
  'token-refused': 'Somebody asked the authorization server for a token and got none.',
  'web-credential-issued': 'The web server has got a TURN credential for a page.',
} as const satisfies Readonly<Record<keyof OAuthEvents, string>>;
