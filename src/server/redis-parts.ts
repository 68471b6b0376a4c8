import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Clock } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { RedisLink } from '../redis/link.ts';
import { redisOptions } from './redis-options.ts';

export interface RedisPartsPorts {
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What a server has to do with Redis beside its users: the way there. */
export class RedisParts {
  readonly link: RedisLink;

  private constructor(link: RedisLink) {
    this.link = link;
  }

  /** `undefined` where no Redis is configured. A Redis that is away keeps no server from starting. */
  static async open(config: Config, { redis }: Material, ports: RedisPartsPorts): Promise<RedisParts | undefined> {
    if (!redis) return undefined;
    const link = await RedisLink.open(redisOptions(config, redis), ports);
    return new RedisParts(link);
  }

  async close(): Promise<void> {
    await this.link.close();
  }
}
