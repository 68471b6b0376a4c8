import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { type OAuthContext } from '../oauth-http.ts';
import { type OpenIdTrip } from './openid-login.ts';

/** A trip to the provider, and the path to which it leads in the end. */
export interface Trip extends OpenIdTrip {
  readonly back: string;
}

const COOKIE = 'epcscf-turn-openid';
const LIFE_SEC = 600;
const MAX_CHARACTERS = 2048;
const NAMES = ['state', 'nonce', 'verifier', 'back'] as const;

/** The browser keeps the trip: whoever begins many of them takes no memory here. Lax, since it comes back from another site. */
export function keepTrip(context: OAuthContext, trip: Trip): void {
  const value = Buffer.from(JSON.stringify(trip)).toString('base64url');
  const options = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax', maxAge: LIFE_SEC } as const;
  setCookie(context, COOKIE, value, { ...options, prefix: 'host' });
}

/** The trip of this browser, good once; `undefined` where there is none that can be read. */
export function takeTrip(context: OAuthContext): Trip | undefined {
  const value = getCookie(context, COOKIE, 'host');
  if (value === undefined || value.length > MAX_CHARACTERS) return undefined;
  deleteCookie(context, COOKIE, { path: '/', secure: true, prefix: 'host' });
  try {
    const read: unknown = JSON.parse(Buffer.from(value, 'base64url').toString());
    if (typeof read !== 'object' || read === null) return undefined;
    const [state, nonce, verifier, back] = NAMES.map((name): unknown => Reflect.get(read, name));
    const isWhole = [state, nonce, verifier, back].every((text) => typeof text === 'string');
    return isWhole ? (read as Trip) : undefined;
  } catch {
    return undefined;
  }
}
