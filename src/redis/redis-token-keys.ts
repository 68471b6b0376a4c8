import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { LimitedLog } from '../base/limited-log.ts';
import { type Logger } from '../base/logger.ts';
import { type Outcome } from '../base/outcome.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import {
  isKid,
  readAccessTokenKey,
  TOKEN_ALGORITHMS,
  type AccessTokenKey,
  type AccessTokenKeys,
} from '../credentials/access-token/token-keys.ts';
import { type RedisCommands } from './link.ts';

/** How many keys are remembered. A deployment has a handful. */
const MAX_REMEMBERED = 1000;
const DEFAULT_ALGORITHM = 'A256GCM';
const FIELDS = ['ikm_key', 'as_rs_alg', 'timestamp', 'lifetime'] as const;
const LOG_LIMITS = { burst: 5, perSec: 0.1, maxCauses: 4 };

type Found = Result<AccessTokenKey | undefined, 'unavailable'>;

interface Remembered {
  /** The fields that made the key. */
  readonly fields: string;
  readonly key: AccessTokenKey;
  /** UNIX seconds; Infinity when it has none. */
  readonly endSec: number;
}

export interface RedisTokenKeysPorts {
  readonly link: RedisCommands;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keys of access tokens as coturn reads them: a hash `turn/oauth/kid/<kid>`. Redis is asked for each token, so a key that was taken away opens none from
 * that moment on. Memory serves while Redis is away, and no further than the end of the key.
 */
export class RedisTokenKeys implements AccessTokenKeys {
  readonly #ports: RedisTokenKeysPorts;
  readonly #log: LimitedLog;
  readonly #remembered = new BoundedMap<Remembered>(MAX_REMEMBERED);

  constructor(ports: RedisTokenKeysPorts) {
    this.#ports = ports;
    this.#log = new LimitedLog(ports.logger, LOG_LIMITS);
  }

  find(kid: string, now: Now): Outcome<Found> {
    // No character of a kid means anything to Redis.
    if (!isKid(kid)) return ok(undefined);
    if (!this.#ports.link.isUp) return this.#recall(kid, now);
    return {
      later: (settle) => {
        void this.#ask(kid).then(settle);
      },
    };
  }

  async #ask(kid: string): Promise<Found> {
    const { link, clock } = this.#ports;
    const path = `turn/oauth/kid/${kid}`;
    const answer = await link.request(path, 'HMGET', path, ...FIELDS);
    const now = clock.now();
    if (!answer.ok) return this.#recall(kid, now);
    const found = this.#read(kid, answer.value.reply, now);
    if (found) this.#remembered.set(kid, found);
    else this.#remembered.delete(kid);
    return ok(inTime(found, now));
  }

  /** The key in the answer of Redis; `undefined` when the answer makes none. Whoever can write to Redis can write anything. */
  #read(kid: string, reply: unknown, { monotonicMs }: Now): Remembered | undefined {
    if (!Array.isArray(reply)) return undefined;
    const [base64, algorithmText, timestamp, lifetime] = reply.map(textOf);
    if (base64 === undefined) return undefined;
    const fields = JSON.stringify([base64, algorithmText, timestamp, lifetime]);
    const known = this.#remembered.get(kid);
    if (known?.fields === fields) return known;
    const algorithm = TOKEN_ALGORITHMS.find((one) => one === (algorithmText ?? DEFAULT_ALGORITHM));
    const key = algorithm && readAccessTokenKey(kid, algorithm, new Secret(base64));
    if (key?.ok) return { fields, key: key.value, endSec: endOf(timestamp, lifetime) };
    const expected = key ? key.reason : TOKEN_ALGORITHMS;
    this.#log.warn('unreadable key', { kid, expected }, 'a key of access tokens in Redis cannot be used', monotonicMs);
    return undefined;
  }

  #recall(kid: string, now: Now): Found {
    const known = this.#remembered.get(kid);
    return known ? ok(inTime(known, now)) : fail('unavailable');
  }
}

function inTime(found: Remembered | undefined, { unixMs }: Now): AccessTokenKey | undefined {
  return found && found.endSec * 1000 > unixMs ? found.key : undefined;
}

/** UNIX seconds at which a key ends. Like in coturn, a key without a lifetime, or with one that is no number, has no end. */
function endOf(timestamp: string | undefined, lifetime: string | undefined): number {
  const [from, sec] = [Number(timestamp ?? 0), Number(lifetime ?? 0)];
  return sec > 0 && Number.isFinite(from) ? from + sec : Infinity;
}

function textOf(field: unknown): string | undefined {
  return typeof field === 'string' && field !== '' ? field : undefined;
}
