import { BoundedMap } from '../../base/bounded-map.ts';
import { boundedKey } from '../../base/bounded-key.ts';
import { type Clock } from '../../base/clock.ts';
import { type SipRequest } from '../../sip/message.ts';
import { type Claim } from './contact-claims.ts';
import { digestUsername } from './passed-challenges.ts';

const MAX_USERS = 4096;
/** A core that means it says so again at the next REGISTER that reaches it. */
const REFUSED_MS = 300_000;

/**
 * Users whom a core outside has rejected of its own accord, and who are refused for a while without asking it: clients come back at once. A user is
 * known by the private identity, as others may share the public one; where a digest has proven none, by the public one.
 */
export class RejectedUsers {
  readonly #clock: Clock;
  /** Until when, in monotonic milliseconds, by `keyOf`. */
  readonly #untilMs = new BoundedMap<number>(MAX_USERS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ aor, impi, webIdentity }: Pick<Claim, 'aor' | 'impi' | 'webIdentity'>): void {
    const isByLogin = impi !== undefined && !webIdentity;
    this.#untilMs.set(isByLogin ? loginKey(impi) : aorKey(aor), this.#nowMs + REFUSED_MS);
  }

  /** Whether this REGISTER, for the address-of-record that `aorOf` reads from it, is one of theirs. */
  isFrom(request: SipRequest, aorOf: () => string | undefined): boolean {
    if (this.#untilMs.size === 0) return false;
    const username = digestUsername(request);
    if (username !== undefined && this.#has(loginKey(username))) return true;
    const aor = aorOf();
    return aor !== undefined && this.#has(aorKey(aor));
  }

  #has(key: string): boolean {
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > this.#nowMs) return true;
    this.#untilMs.delete(key);
    return false;
  }

  get #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }
}

function loginKey(username: string): string {
  return boundedKey(`login ${username}`);
}

function aorKey(aor: string): string {
  return boundedKey(`aor ${aor}`);
}
