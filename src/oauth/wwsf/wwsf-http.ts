import { loginPagePolicy, messagePage, problemPage } from '../login/login-page.ts';
import { noStore, type OAuthContext } from '../oauth-http.ts';

export const WWSF_PATHS = {
  login: '/wwsf/login',
  callback: '/wwsf/callback',
  done: '/wwsf/done',
  guest: '/wwsf/guest',
  logout: '/wwsf/logout',
  session: '/wwsf/session',
  ended: '/wwsf/registration-ended',
  token: '/registration-token',
  turn: '/turn-credentials',
} as const;

const REFUSALS = {
  login_required: ['Nobody has logged in here.', 401],
  access_denied: ['The page of another site may not ask for this.', 403],
  no_identity: ['All identities for guests are lent.', 503],
  too_many_requests: ['Too many were asked for.', 429],
  temporarily_unavailable: ['It cannot be made at the moment.', 503],
  invalid_request: ['The form is not known.', 400],
  unsupported: ['This is not made here.', 400],
} as const;
export type WwsfRefusal = keyof typeof REFUSALS;

/** The answer to a page whose request is refused. */
export function refuse(context: OAuthContext, error: WwsfRefusal, retryAfterSec?: number): Response {
  noStore(context);
  if (retryAfterSec !== undefined) context.header('Retry-After', String(retryAfterSec));
  const [description, status] = REFUSALS[error];
  return context.json({ error, error_description: description }, status);
}

/** The page that a user sees when the login cannot go on. */
export function showProblem(context: OAuthContext, text: string, status: 400 | 403 | 429 | 503): Response {
  noStore(context);
  context.header('Content-Security-Policy', loginPagePolicy([]));
  return context.html(problemPage(text), status);
}

/** The page after a login that names no other return path. */
export function showDone(context: OAuthContext): Response {
  noStore(context);
  context.header('Content-Security-Policy', loginPagePolicy([]));
  return context.html(messagePage('Done', 'You can close this window.'));
}

/** A path of this server. A second slash, or a backslash, would lead to another one. */
const RETURN_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,512}$/;

/** The path to which a login returns. */
export function returnPath(path: string | undefined): string {
  return path !== undefined && RETURN_PATH.test(path) ? path : WWSF_PATHS.done;
}
