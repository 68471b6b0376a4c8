import { defaultRealm } from '../config/long-term-users.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Clock } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type RevocationList } from '../credentials/revocation/revocation-list.ts';
import { AllocationStatus } from '../redis/allocation-status.ts';
import { RedisLink } from '../redis/link.ts';
import { RedisTokenKeys } from '../redis/redis-token-keys.ts';
import { RevocationFeed } from '../redis/revocation-feed.ts';
import { type TurnEvents } from '../turn/engine/observe/turn-events.ts';
import { redisOptions } from './redis-options.ts';
import { reportAllocations } from './report-allocations.ts';
import { type ServerWrap } from './server-wrap.ts';

export interface RedisPartsPorts {
  readonly revocations: RevocationList;
  readonly events: Pick<TypedEvents<TurnEvents>, 'on'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly wrap: ServerWrap['redis'];
}

/** What one run of a server has to do with Redis beside its users: the way there, keys of access tokens, revocations, and what dashboards are told. */
export class RedisParts {
  readonly link: RedisLink;
  /** Keys of access tokens in Redis; absent when they are not looked for. */
  readonly tokenKeys: RedisTokenKeys | undefined;
  readonly #stops: readonly (() => void)[];

  private constructor(link: RedisLink, tokenKeys: RedisTokenKeys | undefined, stops: readonly (() => void)[]) {
    this.link = link;
    this.tokenKeys = tokenKeys;
    this.#stops = stops;
  }

  /** Connects to Redis; `undefined` when none is configured. A Redis that is away does not keep the server from starting. */
  static async open(config: Config, { redis }: LoadedSecrets, ports: RedisPartsPorts): Promise<RedisParts | undefined> {
    if (!redis) return undefined;
    const { revocations, events, clock } = ports;
    const link = await RedisLink.open(redisOptions(config, redis), ports);
    const realm = defaultRealm(config);
    const feed = new RevocationFeed({
      link,
      revocations,
      standing: () => revocations.all(clock.now()),
      clock,
      realm,
      max: config.credentials.maxRegistrations,
    });
    feed.start();
    const stops = [
      () => {
        feed.stop();
      },
    ];
    if (config.redis.publishAllocations) stops.push(reportAllocations(events, new AllocationStatus(link), realm));
    const tokenKeys = config.oauth.keysFromRedis ? new RedisTokenKeys({ link, ...ports }) : undefined;
    return new RedisParts(link, tokenKeys, stops);
  }

  /** Closes the link. To be called after the parts that use it are closed. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.link.close();
  }
}
