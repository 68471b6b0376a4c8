import { fail, ok, type Result } from '../../base/result.ts';
import { type Form } from '../form.ts';
import { type OAuthClient } from '../oauth-client.ts';
import { GRANTS, SCOPES, type Grant, type OAuthError, type Scope } from '../oauth-words.ts';

/** What a client asks a token for. */
export interface TokenWish {
  readonly scope: Scope;
  /** Name of the TURN server; `undefined` when the client names none. */
  readonly audience: string | undefined;
  /** Private identity of the user of a registration token. */
  readonly impi: string | undefined;
  /** Whom quotas of the TURN server count; `undefined` when the client does not tell its users apart. */
  readonly subject: string | undefined;
  /** UNIX seconds past which a TURN token must not be good. */
  readonly notAfterSec: number | undefined;
}

/** A name in a token request: visible ASCII. */
const NAME = /^[\x21-\x7e]{1,255}$/;
const SECONDS = /^\d{1,12}$/;
/** Algorithms of RFC 7635 appendix B. The one that was made is in the answer. */
const KEY_ALGORITHMS: ReadonlySet<string> = new Set(['HMAC-SHA-1', 'HMAC-SHA-256-128']);

export function readGrant(form: Form): Result<Grant, OAuthError> {
  const grant = form.get('grant_type');
  if (grant === undefined) return fail('invalid_request');
  // A token in a redirection is asked for elsewhere.
  return Object.hasOwn(GRANTS, grant) && grant !== 'implicit' ? ok(grant as Grant) : fail('unsupported_grant_type');
}

/** The scope that is asked for: by `scope`, by `token_type=pop` (RFC 7635 appendix B), or else the first scope of the client. */
export function readScope(form: Form, client: OAuthClient): Result<Scope, OAuthError> {
  const named = form.get('scope') ?? (form.get('token_type') === 'pop' ? 'turn' : client.scopes[0]);
  const scope = named !== undefined && Object.hasOwn(SCOPES, named) ? (named as Scope) : undefined;
  return scope !== undefined && client.scopes.includes(scope) ? ok(scope) : fail('invalid_scope');
}

export function readTokenWish(form: Form, client: OAuthClient): Result<TokenWish, OAuthError> {
  const scope = readScope(form, client);
  if (!scope.ok) return scope;
  const [audience, impi, subject] = ['aud', 'impi', 'subject'].map((name) => form.get(name));
  const notAfter = form.get('not_after');
  const algorithm = form.get('alg');
  const isReadable =
    [audience, impi, subject].every((text) => text === undefined || NAME.test(text)) &&
    (notAfter === undefined || SECONDS.test(notAfter)) &&
    (algorithm === undefined || KEY_ALGORITHMS.has(algorithm));
  if (!isReadable) return fail('invalid_request');
  const notAfterSec = notAfter === undefined ? undefined : Number(notAfter);
  return ok({ scope: scope.value, audience, impi, subject, notAfterSec });
}
