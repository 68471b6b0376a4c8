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

/** A REGISTER that has no answer after this time (64 × T1 of RFC 3261) will have none. */
const ANSWER_MS = 32_000;

interface Asked {
  readonly impi: string;
  readonly untilMs: number;
}

/** The token of each flow that has registered by one, for as long as a registration stands on it. */
export class BoundTokens implements RegistrationObserver {
  readonly #registrations: Registrations;
  readonly #byHop = new WeakMap<Hop, CheckedToken>();
  /** Whose REGISTER is under way on a flow that is not bound yet. */
  readonly #asked = new WeakMap<Hop, Asked>();
  /** The token of each web login that a REGISTER was let pass with. */
  readonly #byLogin = new WeakMap<WebLogin, CheckedToken>();

  constructor(registrations: Registrations) {
    this.#registrations = registrations;
  }

  of(hop: Hop): CheckedToken | undefined {
    return this.#byHop.get(hop);
  }

  /** Whether a REGISTER for somebody else is under way on this flow: a flow is of one user, whose token it is bound to. */
  isPromised(hop: Hop, { login: { impi } }: CheckedToken, nowMs: number): boolean {
    const asked = this.#asked.get(hop);
    return asked !== undefined && asked.impi !== impi && asked.untilMs > nowMs;
  }

  /** A REGISTER goes to the core with this token, which becomes that of the flow when the core accepts it. */
  promise(hop: Hop, token: CheckedToken, nowMs: number): void {
    this.#asked.set(hop, { impi: token.login.impi, untilMs: nowMs + ANSWER_MS });
    this.#byLogin.set(token.login, token);
  }

  /** The client of a flow shows another token for the same identity. */
  swap(hop: Hop, token: CheckedToken): void {
    this.#byLogin.set(token.login, token);
    this.#byHop.set(hop, token);
  }

  registered({ hop, webLogin }: Registration): void {
    const token = webLogin && this.#byLogin.get(webLogin);
    if (!token) return;
    this.#asked.delete(hop);
    this.#byHop.set(hop, token);
  }

  unregistered({ hop }: Registration): void {
    if (this.#registrations.count(hop) > 0) return;
    this.#asked.delete(hop);
    this.#byHop.delete(hop);
  }
}
