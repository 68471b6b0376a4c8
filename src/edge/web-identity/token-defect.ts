import { type AuthenticationFailure } from '../edge-words.ts';

/** Why a token is good for nothing: 401, so that the client fetches another one. `issuer-unavailable`: nobody can tell at the moment. */
export type TokenDefect = Extract<
  AuthenticationFailure,
  | 'token-malformed'
  | 'token-issuer'
  | 'token-key'
  | 'token-signature'
  | 'token-expired'
  | 'token-not-yet-valid'
  | 'token-audience'
  | 'token-claims'
  | 'token-inactive'
  | 'issuer-unavailable'
>;

/** Why a good token does not serve for this: 403, as another token of the same kind would not either. */
export type TokenMisuse = Extract<
  AuthenticationFailure,
  'token-client' | 'token-origin' | 'token-identity' | 'token-pool' | 'token-in-use'
>;
