import { type HttpBindings } from '@hono/node-server';
import { type Context } from 'hono';
import { OAUTH_ERRORS, type OAuthError } from './oauth-words.ts';

/** What routes find in their context: the request as it came to the listener. */
export interface OAuthEnv {
  Bindings: HttpBindings;
  Variables: {
    /** Private identity of the user, once a route knows it. */
    impi?: string;
    /** What the answer says is wrong, where its status does not tell: a redirection has 303 for good and for bad. */
    error?: OAuthError;
  };
}

export type OAuthContext = Context<OAuthEnv>;

/** The client's address, behind a listed proxy too. */
export function remoteAddressOf({ env }: OAuthContext): string {
  return env.incoming.socket.remoteAddress ?? '';
}

/** Keeps caches from storing an answer with a token (RFC 6749 §5.1). */
export function noStore(context: OAuthContext): void {
  context.header('Cache-Control', 'no-store');
  context.header('Pragma', 'no-cache');
}

const STATUSES: Partial<Record<OAuthError, 401 | 503>> = { invalid_client: 401, temporarily_unavailable: 503 };

/** HTTP status of the answer for an error. */
export function statusOf(error: OAuthError): 400 | 401 | 503 {
  return STATUSES[error] ?? 400;
}

/** RFC 6749 §5.2. `retryAfterSec`: the client asks too often (RFC 6585 §4). */
export function refuse(context: OAuthContext, error: OAuthError, retryAfterSec?: number): Response {
  noStore(context);
  const body = { error, error_description: OAUTH_ERRORS[error] };
  if (retryAfterSec === undefined) return context.json(body, statusOf(error));
  context.header('Retry-After', String(retryAfterSec));
  return context.json(body, 429);
}

/** Lets a page of one of these origins read the answer. No cookie goes with such a request. */
export function allowOrigin(context: OAuthContext, isAllowed: (origin: string) => boolean): void {
  context.header('Vary', 'Origin', { append: true });
  const origin = context.req.header('origin');
  if (origin !== undefined && isAllowed(origin)) context.header('Access-Control-Allow-Origin', origin);
}
