import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { type Outcome } from '../base/outcome.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type DeliveredCredential, type DeliveredName, type Delivery } from '../credentials/delivered/delivery.ts';
import { type DeliveryFailure } from '../credentials/delivered/delivery-words.ts';
import { personKey, userKey } from './keys.ts';
import { type RedisCommands, type Reply } from './link.ts';

/** How many credentials are written or taken back in one turn of the event loop. */
const AT_ONCE = 100;
const DAY_SEC = 86_400;
/** Life of the mark in seconds: longer than any credential lives. */
const MARK_SEC = 8 * DAY_SEC;

type Removal = DeliveredName & { readonly expiresAtSec: number };

export interface RedisDeliveryPorts {
  readonly link: RedisCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isRevoked: (user: string, now: Now) => boolean;
  /** Credentials that are kept for the case that Redis loses them, and of those to be taken back, at most. Past it the oldest is forgotten. */
  readonly max: number;
}

/**
 * Delivers to all TURN servers that read the Redis, in the layout of coturn. What is good is delivered once more to a Redis that has lost it, as one
 * without persistence does when it starts again: else every client would be a stranger until its next REGISTER.
 */
export class RedisDelivery implements Delivery {
  readonly #ports: RedisDeliveryPorts;
  /** A value in Redis that is missing once Redis has lost its data. */
  readonly #mark = `epcscf-turn/edge/${randomBytes(9).toString('base64url')}`;
  #markedAtSec = 0;
  /** Credentials that are good, by their key. */
  readonly #delivered: BoundedMap<DeliveredCredential>;
  /** Credentials that could not be taken back yet, by their key. */
  readonly #pending: BoundedMap<Removal>;

  constructor(ports: RedisDeliveryPorts) {
    this.#ports = ports;
    this.#delivered = new BoundedMap(ports.max);
    this.#pending = new BoundedMap(ports.max);
    ports.link.observe(() => void this.#back());
  }

  put(credential: DeliveredCredential, now: Now): Outcome<Result<DeliveredCredential, DeliveryFailure>> {
    if (!this.#ports.link.isUp) return fail('unavailable');
    return {
      later: (settle) => {
        void this.#put(credential, now).then(settle);
      },
    };
  }

  remove(credential: Removal): void {
    this.#delivered.delete(userKey(credential));
    void this.#remove(credential);
  }

  async #put(credential: DeliveredCredential, now: Now): Promise<Result<DeliveredCredential, DeliveryFailure>> {
    this.#forgetEnded(now);
    // Before it is written: who takes it back meanwhile finds it.
    this.#delivered.set(userKey(credential), credential);
    const [written] = await Promise.all([this.#write(credential, now), this.#markDaily(now)]);
    if (written) return ok(credential);
    this.#delivered.delete(userKey(credential));
    return fail('unavailable');
  }

  async #write(credential: DeliveredCredential, { unixMs }: Now): Promise<boolean> {
    const { key, person, expiresAtSec } = credential;
    const ttlSec = Math.max(1, expiresAtSec - Math.floor(unixMs / 1000));
    const replies = await Promise.all([
      this.#set(personKey(credential), person, ttlSec),
      this.#set(userKey(credential), key.toString('hex'), ttlSec),
    ]);
    return replies.every((reply) => reply.ok && reply.value.reply === 'OK');
  }

  #set(key: string, value: string, ttlSec: number): Promise<Reply> {
    return this.#ports.link.request(key, 'SET', key, value, 'EX', String(ttlSec));
  }

  async #remove(credential: Removal): Promise<void> {
    const path = userKey(credential);
    const keys = [path, personKey(credential)];
    const replies = await Promise.all(keys.map((key) => this.#ports.link.request(key, 'DEL', key)));
    if (!replies.every((reply) => reply.ok)) this.#pending.set(path, credential);
  }

  /** Redis is there again, perhaps without its data. */
  async #back(): Promise<void> {
    await this.#removePending();
    const { link, clock } = this.#ports;
    const marked = await link.request(this.#mark, 'EXISTS', this.#mark);
    if (!marked.ok || marked.value.reply === 1) return;
    this.#markedAtSec = 0;
    await this.#deliverAgain();
    await this.#markDaily(clock.now());
  }

  async #markDaily({ unixMs }: Now): Promise<void> {
    const nowSec = Math.floor(unixMs / 1000);
    if (nowSec - this.#markedAtSec < DAY_SEC) return;
    this.#markedAtSec = nowSec;
    await this.#set(this.#mark, '1', MARK_SEC);
  }

  async #deliverAgain(): Promise<void> {
    const { clock, logger, isRevoked } = this.#ports;
    this.#forgetEnded(clock.now());
    const paths = [...this.#delivered.entries()].map(({ key }) => key);
    for (let at = 0; at < paths.length; at += AT_ONCE) {
      const now = clock.now();
      const some = paths.slice(at, at + AT_ONCE).flatMap((path) => this.#delivered.get(path) ?? []);
      const good = some.filter(({ user, expiresAtSec }) => expiresAtSec * 1000 > now.unixMs && !isRevoked(user, now));
      await Promise.all(good.map((credential) => this.#write(credential, now)));
    }
    if (paths.length > 0) logger.warn({ credentials: paths.length }, 'Redis had lost credentials: delivered once more');
  }

  async #removePending(): Promise<void> {
    const { link, clock } = this.#ports;
    const nowSec = clock.now().unixMs / 1000;
    while (link.isUp && this.#pending.size > 0) {
      const some: Removal[] = [];
      for (const { key, value } of this.#pending.entries()) {
        if (some.length === AT_ONCE) break;
        some.push(value);
        this.#pending.delete(key);
      }
      await Promise.all(some.filter(({ expiresAtSec }) => expiresAtSec > nowSec).map((one) => this.#remove(one)));
    }
  }

  /** In the order of their making, so one waits behind those of a longer life. */
  #forgetEnded({ unixMs }: Now): void {
    for (;;) {
      const { oldest } = this.#delivered;
      if (!oldest || oldest.value.expiresAtSec * 1000 > unixMs) return;
      this.#delivered.delete(oldest.key);
    }
  }
}
