import { type Now } from '../../../base/clock.ts';
import { hmac } from '../../../base/hmac.ts';
import { constantTimeEqual } from '../../../base/secret.ts';
import { formatTransportAddress } from '../../../base/transport-address.ts';
import { type ClientPath } from '../../contract/client-path.ts';

type NonceCheck = 'valid' | 'stale' | 'foreign';

const TIME_BYTES = 4;
const MAC_BYTES = 12;
/** The form of a nonce: 16 bytes in base64url. */
const OWN_FORM = /^[\w-]{22}$/;

/**
 * Nonces without memory: the time of issue and a MAC over it and the client's transport address, so that a flood of first requests costs
 * nothing to keep, and a nonce proves that its bearer receives at the address it sends from. RFC 8489 §9.2.4 asks for a nonce of its own
 * for each source address and port. It begins with the nonce cookie (§9.2), and one with another cookie is foreign: who changes on the path
 * what it promises has made a nonce that the server does not take. A nonce of one realm is foreign in the others.
 */
export class Nonces {
  readonly #key: Buffer;
  readonly #lifetimeSec: number;
  readonly #cookie: string;

  /** `key`: 32 random bytes of this process. */
  constructor(key: Buffer, lifetimeSec: number, cookie: string) {
    this.#key = key;
    this.#lifetimeSec = lifetimeSec;
    this.#cookie = cookie;
  }

  /** Makes a nonce: the cookie and 22 ASCII characters. */
  issue(client: ClientPath, realm: string, now: Now): string {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUInt32BE(seconds(now));
    return this.#cookie + Buffer.concat([time, this.#mac(time, client, realm)]).toString('base64url');
  }

  check(nonce: string, client: ClientPath, realm: string, now: Now): NonceCheck {
    const own = nonce.slice(this.#cookie.length);
    if (!nonce.startsWith(this.#cookie) || !OWN_FORM.test(own)) return 'foreign';
    const bytes = Buffer.from(own, 'base64url');
    const time = bytes.subarray(0, TIME_BYTES);
    if (!constantTimeEqual(bytes.subarray(TIME_BYTES), this.#mac(time, client, realm))) return 'foreign';
    const ageSec = seconds(now) - time.readUInt32BE();
    return ageSec >= 0 && ageSec < this.#lifetimeSec ? 'valid' : 'stale';
  }

  #mac(time: Buffer, { transport, remote }: ClientPath, realm: string): Buffer {
    const bound = Buffer.from(`${transport} ${formatTransportAddress(remote)} ${realm}`);
    return hmac('sha256', this.#key, time, bound).subarray(0, MAC_BYTES);
  }
}

function seconds({ monotonicMs }: Now): number {
  return Math.floor(monotonicMs / 1000) >>> 0;
}
