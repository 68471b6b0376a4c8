import { type Now } from '../../../base/clock.ts';
import { KeyedHmac } from '../../../base/keyed-hmac.ts';
import { constantTimeEqualText } from '../../../base/secret.ts';
import { formatTransportAddress } from '../../../base/transport-address.ts';
import { type ClientPath } from '../../contract/client-path.ts';

type NonceCheck = 'valid' | 'stale' | 'foreign';

/** The time in seconds, in digits and small letters: enough for 69 years. */
const TIME_CHARACTERS = 6;
const TIME_RADIX = 36;
/** 96 bits in base64url. */
const MAC_CHARACTERS = 16;

/**
 * Nonces without memory: the time of issue and a MAC over it and the client's transport address, so that a flood of first requests costs
 * nothing to keep, and a nonce proves that its bearer receives at the address it sends from. RFC 8489 §9.2.4 asks for a nonce of its own
 * for each source address and port. It begins with the nonce cookie (§9.2), and one with another cookie is foreign: who changes on the path
 * what it promises has made a nonce that the server does not take. A nonce of one realm is foreign in the others.
 */
export class Nonces {
  readonly #mac: KeyedHmac;
  readonly #lifetimeSec: number;
  readonly #cookie: string;

  /** `key`: 32 random bytes of this process. */
  constructor(key: Buffer, lifetimeSec: number, cookie: string) {
    this.#mac = new KeyedHmac(key);
    this.#lifetimeSec = lifetimeSec;
    this.#cookie = cookie;
  }

  /** Makes a nonce: the cookie and 22 ASCII characters. */
  issue(client: ClientPath, realm: string, now: Now): string {
    return this.#cookie + this.#own(seconds(now), client, realm);
  }

  /** `proven`: a nonce that was found to be ours for this client and realm before, whose MAC is right as it was then. */
  check(nonce: string, client: ClientPath, realm: string, now: Now, proven?: string): NonceCheck {
    const own = nonce.slice(this.#cookie.length);
    if (!nonce.startsWith(this.#cookie) || own.length !== TIME_CHARACTERS + MAC_CHARACTERS) return 'foreign';
    const issuedSec = Number.parseInt(own.slice(0, TIME_CHARACTERS), TIME_RADIX);
    const isProven = proven !== undefined && constantTimeEqualText(nonce, proven);
    if (!isProven && !constantTimeEqualText(own, this.#own(issuedSec, client, realm))) return 'foreign';
    const ageSec = seconds(now) - issuedSec;
    return ageSec >= 0 && ageSec < this.#lifetimeSec ? 'valid' : 'stale';
  }

  #own(issuedSec: number, { transport, remote }: ClientPath, realm: string): string {
    const time = issuedSec.toString(TIME_RADIX).padStart(TIME_CHARACTERS, '0');
    const mac = this.#mac.digestText(`${time} ${transport} ${formatTransportAddress(remote)} ${realm}`);
    return time + mac.slice(0, MAC_CHARACTERS);
  }
}

function seconds({ monotonicMs }: Now): number {
  return Math.floor(monotonicMs / 1000) >>> 0;
}
