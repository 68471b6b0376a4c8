import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { LimitedLog } from '../base/limited-log.ts';
import { type Logger } from '../base/logger.ts';
import { type Outcome } from '../base/outcome.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type DeliveredName, type UserKey, type UserKeys } from '../credentials/delivered/delivery.ts';
import { type DeliveryFailure } from '../credentials/delivered/delivery-words.ts';
import { personKey, userKey } from './keys.ts';
import { type RedisCommands } from './link.ts';

/** Longest name that is looked up: USERNAME has fewer than 509 bytes (RFC 8489 §14.3). */
const MAX_NAME_LENGTH = 512;
const MAX_PERSON_LENGTH = 64;
const KEY_FORM = /^[\da-f]{32}$/i;
/** For so long after Redis came back, memory speaks for those whom Redis does not know: an edge may have to deliver them once more. */
const GRACE_MS = 3000;
const LOG_LIMITS = { burst: 5, perSec: 0.1, maxCauses: 4 };

type Found = Result<UserKey | undefined, DeliveryFailure>;

export interface RedisUserKeysPorts {
  readonly link: RedisCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many users are remembered for the time that Redis is away. */
  readonly maxRemembered: number;
}

/**
 * Users as the edge, or a tool of coturn, wrote them to Redis. Redis is asked for each new allocation, so a user who was deleted there is served no
 * more from that moment on, whoever deleted it. Memory serves only while Redis is away, and some seconds after it, no further than the end that Redis told.
 */
export class RedisUserKeys implements UserKeys {
  readonly #ports: RedisUserKeysPorts;
  readonly #log: LimitedLog;
  readonly #remembered: BoundedMap<UserKey>;
  #graceToMs = -Infinity;

  constructor(ports: RedisUserKeysPorts) {
    this.#ports = ports;
    ports.link.observe(() => {
      this.#graceToMs = ports.clock.now().monotonicMs + GRACE_MS;
    });
    this.#log = new LimitedLog(ports.logger, LOG_LIMITS);
    this.#remembered = new BoundedMap(ports.maxRemembered);
  }

  get remembered(): number {
    return this.#remembered.size;
  }

  find(name: DeliveredName, now: Now): Outcome<Found> {
    if (name.user.length > MAX_NAME_LENGTH) return ok(undefined);
    if (!this.#ports.link.isUp) return this.#recall(userKey(name), now);
    return {
      later: (settle) => {
        void this.#ask(name).then(settle);
      },
    };
  }

  async #ask(name: DeliveredName): Promise<Found> {
    const { link, clock } = this.#ports;
    const path = userKey(name);
    const personPath = personKey(name);
    const [key, leftMs, person] = await Promise.all([
      link.request(path, 'GET', path),
      link.request(path, 'PTTL', path),
      link.request(personPath, 'GET', personPath),
    ]);
    const now = clock.now();
    if (!key.ok || !leftMs.ok || !person.ok) return this.#recall(path, now);
    const found = this.#read(path, [key.value.reply, leftMs.value.reply, person.value.reply], now);
    if (!found && now.monotonicMs < this.#graceToMs && this.#remembered.has(path)) return this.#recall(path, now);
    if (found) this.#remembered.set(path, found);
    else this.#remembered.delete(path);
    return ok(found);
  }

  /** The user in the answer of Redis; `undefined` when the answer makes none. Whoever can write to Redis can write anything. */
  #read(path: string, [key, leftMs, person]: readonly unknown[], { monotonicMs, unixMs }: Now): UserKey | undefined {
    if (key === null) return undefined;
    if (typeof key !== 'string' || !KEY_FORM.test(key)) {
      const fields = { key: path, expected: '32 hexadecimal digits' };
      this.#log.warn('unreadable key', fields, 'a user in Redis cannot be read', monotonicMs);
      return undefined;
    }
    // PTTL: -1 without an end, -2 when the key has gone meanwhile.
    if (typeof leftMs !== 'number' || leftMs < -1) return undefined;
    const isPerson = typeof person === 'string' && person !== '' && person.length <= MAX_PERSON_LENGTH;
    return {
      key: Buffer.from(key, 'hex'),
      ...(isPerson && { person }),
      ...(leftMs >= 0 && { expiresAtSec: Math.ceil((unixMs + leftMs) / 1000) }),
    };
  }

  #recall(path: string, { unixMs }: Now): Found {
    const known = this.#remembered.get(path);
    if (!known) return fail('unavailable');
    if (known.expiresAtSec === undefined || known.expiresAtSec * 1000 > unixMs) return ok(known);
    this.#remembered.delete(path);
    return ok(undefined);
  }
}
