import { type Clock } from '../../base/clock.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { type WebLogin } from '../registration/web-login.ts';
import { capExpires } from './cap-expires.ts';

/** Keeps what a REGISTER asks for within what its token has left. */
export class TokenCap {
  readonly #clock: Clock;
  readonly #defaultSec: number;

  /** `defaultSec`: seconds that a REGISTER without Expires asks for. */
  constructor(clock: Clock, defaultSec: number) {
    this.#clock = clock;
    this.#defaultSec = defaultSec;
  }

  /** Limits the time that a REGISTER asks for. `headers`: those of the request on its way to the core. */
  apply(headers: SipHeaders, { expiresAtSec }: WebLogin): void {
    const leftSec = Math.max(0, Math.floor(expiresAtSec - this.#clock.now().unixMs / 1000));
    capExpires(headers, leftSec, this.#defaultSec);
  }
}
