import { randomBytes } from 'node:crypto';
import { type Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { userKey } from './keys.ts';
import { type RedisCommands, type Reply } from './link.ts';
import { formatMember, formatMessage } from './revocation-text.ts';

/** Channel on which a revocation is told as it is made, and sorted set of all, by the time at which they were told. */
export const REVOCATIONS = 'epcscf-turn/revocations';

export interface RevocationWriterPorts {
  readonly link: Pick<RedisCommands, 'request'>;
  readonly clock: Clock;
  /** Realm of the credentials that an edge delivers. A revoked user loses these too, because a TURN server of another make knows no revocations. */
  readonly realm: string;
}

/** Writes revocations where every process that shares the Redis finds them. */
export class RevocationWriter {
  /** Whose messages are this writer's. */
  readonly from = randomBytes(9).toString('base64url');
  readonly #ports: RevocationWriterPorts;

  constructor(ports: RevocationWriterPorts) {
    this.#ports = ports;
  }

  /**
   * Tells all processes, and takes back what was delivered under the name. `heardBy`: connections that heard the message, of the node that was
   * asked.
   */
  async tell(entry: Revocation): Promise<Result<{ readonly heardBy: number }, 'unavailable'>> {
    const [added, published, taken] = await Promise.all([
      this.add(entry),
      this.#request('PUBLISH', REVOCATIONS, formatMessage(entry, this.from)),
      this.#takeBack(entry),
    ]);
    if (!added.ok) return added;
    if (!published.ok) return published;
    return taken.ok ? ok({ heardBy: Number(published.value.reply) }) : taken;
  }

  /** For those who hear no message. */
  add(entry: Revocation): Promise<Reply> {
    return this.#request('ZADD', REVOCATIONS, String(this.#ports.clock.now().unixMs), formatMember(entry));
  }

  /** Milliseconds until what was delivered under this name ends by itself; `undefined` where that has no end, or nothing was. */
  async deliveredMs(user: string): Promise<Result<number | undefined, 'unavailable'>> {
    const { link, realm } = this.#ports;
    const key = userKey({ user, realm });
    const left = await link.request(key, 'PTTL', key);
    if (!left.ok) return left;
    const leftMs = Number(left.value.reply);
    return ok(leftMs >= 0 ? leftMs : undefined);
  }

  /** What has an end was delivered; who has none is a user of an operator, and stays. */
  async #takeBack({ user }: Revocation): Promise<Result<unknown, 'unavailable'>> {
    const { link, realm } = this.#ports;
    const leftMs = await this.deliveredMs(user);
    if (!leftMs.ok || leftMs.value === undefined) return leftMs;
    const key = userKey({ user, realm });
    return link.request(key, 'DEL', key);
  }

  #request(...command: readonly string[]): Promise<Reply> {
    return this.#ports.link.request(REVOCATIONS, ...command);
  }
}
