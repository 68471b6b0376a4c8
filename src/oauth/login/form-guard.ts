import { createHmac, randomBytes } from 'node:crypto';
import { getCookie, setCookie } from 'hono/cookie';
import { constantTimeEqual } from '../../base/secret.ts';
import { type OAuthContext } from '../oauth-http.ts';

const LIFE_SEC = 3600;
const COOKIE_FORM = /^[\w-]{22}$/;

/**
 * Makes sure that a form comes from a page of this server in the same browser. The page has a seal of a cookie that only this host can set, so that a page
 * elsewhere can neither read nor make it: nobody logs another user's browser in (RFC 6749 §10.12).
 */
export class FormGuard {
  readonly #cookie: string;
  readonly #key = randomBytes(32);

  /** `cookie`: the name of the cookie, without the prefix that binds it to the host. */
  constructor(cookie: string) {
    this.#cookie = cookie;
  }

  /** The seal of a cookie, for a hidden field of the form. */
  seal(context: OAuthContext): string {
    const known = this.#known(context);
    const value = known ?? randomBytes(16).toString('base64url');
    if (known === undefined) {
      const options = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax', maxAge: LIFE_SEC } as const;
      setCookie(context, this.#cookie, value, { ...options, prefix: 'host' });
    }
    return this.#mac(value).toString('base64url');
  }

  isSealed(context: OAuthContext, seal: string | undefined): boolean {
    const site = context.req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin') return false;
    const value = this.#known(context);
    return value !== undefined && constantTimeEqual(this.#mac(value), Buffer.from(seal ?? '', 'base64url'));
  }

  #known(context: OAuthContext): string | undefined {
    const value = getCookie(context, this.#cookie, 'host');
    return value !== undefined && COOKIE_FORM.test(value) ? value : undefined;
  }

  #mac(value: string): Buffer {
    return createHmac('sha256', this.#key).update(value).digest();
  }
}
