import { type Form } from '../form.ts';
import { type OAuthClient, type OAuthClients } from '../oauth-client.ts';
import { type OAuthError, type Scope } from '../oauth-words.ts';
import { readScope } from './token-request.ts';

/** Where the answer to an authorization request goes. */
export interface AnswerTarget {
  readonly redirectUri: string;
  readonly state: string | undefined;
  /** A code goes into the query of the redirection, a token into its fragment. */
  readonly inFragment: boolean;
}

export interface AuthorizationRequest extends AnswerTarget {
  readonly client: OAuthClient;
  readonly scope: Scope;
  readonly audience: string | undefined;
  /** `code_challenge`; absent where a token is asked for. */
  readonly challenge: string | undefined;
}

/**
 * `refused`: nobody knows where to send the browser back to, so that it stays here (RFC 6749 §4.1.2.1, §10.15). `redirected`: the client hears what was wrong.
 */
export type ReadRequest =
  | { readonly kind: 'good'; readonly request: AuthorizationRequest }
  | { readonly kind: 'refused'; readonly error: 'invalid_client' | 'invalid_request' }
  | { readonly kind: 'redirected'; readonly target: AnswerTarget; readonly error: OAuthError };

const STATE = /^[\x20-\x7e]{0,1024}$/;
const NAME = /^[\x21-\x7e]{1,255}$/;
/** A code challenge by S256: SHA-256 in base64url. */
const CHALLENGE = /^[\w-]{43}$/;

/** Reads an authorization request (RFC 6749 §4.1.1, §4.2.1, RFC 7636 §4.3), of which every parameter comes from anywhere. */
export function readAuthorizationRequest(form: Form, clients: OAuthClients, allowsImplicit: boolean): ReadRequest {
  const client = clients.get(form.get('client_id') ?? '');
  if (!client) return { kind: 'refused', error: 'invalid_client' };
  const redirectUri = form.get('redirect_uri');
  // Character by character (RFC 9700 §4.1.3): what only resembles one leads to whoever made it up.
  if (redirectUri === undefined || !client.redirectUris.includes(redirectUri)) {
    return { kind: 'refused', error: 'invalid_request' };
  }
  const type = form.get('response_type');
  const inFragment = type === 'token';
  const state = form.get('state');
  if (state !== undefined && !STATE.test(state)) return { kind: 'refused', error: 'invalid_request' };
  const target = { redirectUri, state, inFragment };
  const redirected = (error: OAuthError): ReadRequest => ({ kind: 'redirected', target, error });
  if (type === undefined) return redirected('invalid_request');
  if (type !== 'code' && !(inFragment && allowsImplicit)) return redirected('unsupported_response_type');
  if (!client.grants.has(inFragment ? 'implicit' : 'authorization_code')) return redirected('unauthorized_client');
  const mode = form.get('response_mode');
  if (mode !== undefined && mode !== (inFragment ? 'fragment' : 'query')) return redirected('invalid_request');
  const audience = form.get('aud');
  if (audience !== undefined && !NAME.test(audience)) return redirected('invalid_request');
  const challenge = inFragment ? undefined : form.get('code_challenge');
  // RFC 7636 §4.4.1. A challenge that is not hashed protects nothing here.
  if (!inFragment && !(CHALLENGE.test(challenge ?? '') && form.get('code_challenge_method') === 'S256')) {
    return redirected('invalid_request');
  }
  const scope = readScope(form, client);
  if (!scope.ok) return redirected(scope.reason);
  return { kind: 'good', request: { ...target, client, scope: scope.value, audience, challenge } };
}

/** The redirection that takes an answer to the client. `iss`: RFC 9207. */
export function answerUrl(
  { redirectUri, state, inFragment }: AnswerTarget,
  issuer: string,
  fields: Readonly<Record<string, string | number>>,
): string {
  const all: Readonly<Record<string, string | number>> = {
    ...fields,
    ...(state !== undefined && { state }),
    iss: issuer,
  };
  const answer = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) answer.append(name, String(value));
  const joint = inFragment ? '#' : redirectUri.includes('?') ? '&' : '?';
  return `${redirectUri}${joint}${answer.toString()}`;
}
