import { defaultRealm } from '../config/long-term-users.ts';
import { type RedisSecrets } from '../config/redis-secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Clock } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/logger.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { RedisLink } from '../redis/link.ts';
import { RevocationWriter } from '../redis/revocation-writer.ts';
import { redisOptions } from './redis-options.ts';
import { longestEndSec, turnNameIn } from './revocable-name.ts';

export interface ToldByRedis extends Revocation {
  /** Processes that heard it at once; with a cluster, those at one of its nodes. */
  readonly heardBy: number;
}

/**
 * Writes a revocation into Redis, as a server would that is told of it: for an operator whose servers have no admin API, or do not run. The name is denied until
 * what was delivered under it ends, or for the longest life that a credential can have. The reason for a failure is what Redis, or the way there, says.
 */
export async function revokeByRedis(
  config: Config,
  secrets: RedisSecrets,
  text: string,
  clock: Clock,
): Promise<Result<ToldByRedis, string>> {
  let problem = 'no answer in time';
  const note = ({ err, command }: Readonly<Record<string, unknown>>): void => {
    problem = [command, err].filter((word) => typeof word === 'string').join(': ');
  };
  const logger: Logger = { ...silentLogger, warn: note };
  const link = await RedisLink.open(redisOptions(config, secrets), { logger, clock });
  try {
    const writer = new RevocationWriter({ link, clock, realm: defaultRealm(config) });
    const user = turnNameIn(config, text);
    const delivered = link.isUp ? await writer.deliveredMs(user) : fail('unavailable');
    if (!delivered.ok) return fail(problem);
    const { unixMs } = clock.now();
    const endSec = delivered.value === undefined ? undefined : Math.ceil((unixMs + delivered.value) / 1000);
    const entry = { user, untilSec: endSec ?? longestEndSec(config, unixMs) };
    const told = await writer.tell(entry);
    return told.ok ? ok({ ...entry, ...told.value }) : fail(problem);
  } finally {
    await link.close();
  }
}
