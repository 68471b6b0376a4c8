import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { ok } from '../../base/result.ts';
import { type DeliveredCredential, type DeliveredName, type Delivery, type UserKeys } from './delivery.ts';

/**
 * Delivers within one process. Holds at most `max` credentials: past it the oldest ends early, and its client has to ask for another.
 */
export class MemoryStore implements Delivery, UserKeys {
  readonly #byName: BoundedMap<DeliveredCredential>;

  constructor(max: number) {
    this.#byName = new BoundedMap(max);
  }

  get size(): number {
    return this.#byName.size;
  }

  put(credential: DeliveredCredential, now: Now) {
    this.#forgetEnded(now);
    this.#byName.set(nameKey(credential), credential);
    return ok(credential);
  }

  remove(name: DeliveredName): void {
    this.#byName.delete(nameKey(name));
  }

  find(name: DeliveredName) {
    return ok(this.#byName.get(nameKey(name)));
  }

  /** In the order of their making, so a credential waits behind those of a longer life, at most for the longest there is. */
  #forgetEnded({ unixMs }: Now): void {
    for (;;) {
      const { oldest } = this.#byName;
      if (!oldest || oldest.value.expiresAtSec * 1000 > unixMs) return;
      this.#byName.delete(oldest.key);
    }
  }
}

/** A NUL is in no realm. */
function nameKey({ user, realm }: DeliveredName): string {
  return `${realm}\0${user}`;
}
