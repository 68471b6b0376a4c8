import { hash, timingSafeEqual } from 'node:crypto';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';
import { type RegistrationObserver, type Registrations } from '../registration/registrations.ts';
import { type WebLogin } from '../registration/web-login.ts';
import { type TokenUse } from './token-use.ts';

/** A token that was checked: enough of it to know it again without checking it again. */
export interface CheckedToken extends TokenUse {
  readonly login: WebLogin;
  readonly hash: Buffer;
}

/** SHA-256 of the very bytes of a token. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** Whether a token is the one that was checked. */
export function isSameToken(checked: CheckedToken, tokenHash: Buffer): boolean {
  return timingSafeEqual(checked.hash, tokenHash);
}

/** The token of each flow that has registered by one, for as long as a registration stands on it. */
export class BoundTokens implements RegistrationObserver {
  readonly #registrations: Registrations;
  readonly #byHop = new WeakMap<Hop, CheckedToken>();
  /** The token of each web login that a REGISTER was let pass with. */
  readonly #byLogin = new WeakMap<WebLogin, CheckedToken>();

  constructor(registrations: Registrations) {
    this.#registrations = registrations;
  }

  of(hop: Hop): CheckedToken | undefined {
    return this.#byHop.get(hop);
  }

  /** It becomes that of the flow that registers by it. */
  note(token: CheckedToken): void {
    this.#byLogin.set(token.login, token);
  }

  /** The client of a flow shows another token for the same identity. */
  swap(hop: Hop, token: CheckedToken): void {
    this.note(token);
    this.#byHop.set(hop, token);
  }

  registered({ hop, webLogin }: Registration): void {
    const token = webLogin && this.#byLogin.get(webLogin);
    if (token) this.#byHop.set(hop, token);
  }

  unregistered({ hop }: Registration): void {
    if (this.#registrations.count(hop) === 0) this.#byHop.delete(hop);
  }
}
