import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { type Outcome } from '../base/outcome.ts';
import { fail, ok, type Result } from '../base/result.ts';
import {
  type DeliveredCredential,
  type DeliveredName,
  type Delivery,
  type DeliveryFailure,
} from '../credentials/delivered/delivery.ts';
import { personKey, userKey } from './keys.ts';
import { type RedisCommands } from './link.ts';

/** How many are taken back in one turn of the event loop once Redis is there again. */
const REMOVALS_AT_ONCE = 100;

type Removal = DeliveredName & { readonly expiresAtSec: number };

/** Delivers to all TURN servers that read the Redis, in the layout of coturn. */
export class RedisDelivery implements Delivery {
  readonly #link: RedisCommands;
  readonly #clock: Clock;
  /** What could not be taken back, by its key. */
  readonly #pending: BoundedMap<Removal>;

  /** `maxPending`: what is taken back while Redis is away, and waits. Past it the oldest lives until its end. */
  constructor(link: RedisCommands, clock: Clock, maxPending: number) {
    this.#link = link;
    this.#clock = clock;
    this.#pending = new BoundedMap(maxPending);
    link.observe(() => void this.#removePending());
  }

  put(credential: DeliveredCredential, now: Now): Outcome<Result<DeliveredCredential, DeliveryFailure>> {
    if (!this.#link.isUp) return fail('unavailable');
    return {
      later: (settle) => {
        void this.#put(credential, now).then(settle);
      },
    };
  }

  remove(credential: Removal): void {
    void this.#remove(credential);
  }

  async #put(credential: DeliveredCredential, { unixMs }: Now): Promise<Result<DeliveredCredential, DeliveryFailure>> {
    const { key, person, expiresAtSec } = credential;
    const ttlSec = String(Math.max(1, expiresAtSec - Math.floor(unixMs / 1000)));
    const replies = await Promise.all([
      this.#set(personKey(credential), person, ttlSec),
      this.#set(userKey(credential), key.toString('hex'), ttlSec),
    ]);
    return replies.every((reply) => reply.ok) ? ok(credential) : fail('unavailable');
  }

  #set(key: string, value: string, ttlSec: string) {
    return this.#link.request(key, 'SET', key, value, 'EX', ttlSec);
  }

  async #remove(credential: Removal): Promise<void> {
    const keys = [userKey(credential), personKey(credential)];
    const replies = await Promise.all(keys.map((key) => this.#link.request(key, 'DEL', key)));
    if (!replies.every((reply) => reply.ok)) this.#pending.set(keys[0] ?? '', credential);
  }

  async #removePending(): Promise<void> {
    const nowSec = this.#clock.now().unixMs / 1000;
    while (this.#link.isUp && this.#pending.size > 0) {
      const some: Removal[] = [];
      for (const { key, value } of this.#pending.entries()) {
        if (some.length === REMOVALS_AT_ONCE) break;
        some.push(value);
        this.#pending.delete(key);
      }
      await Promise.all(some.filter(({ expiresAtSec }) => expiresAtSec > nowSec).map((one) => this.#remove(one)));
    }
  }
}
