import { atOnce } from '../config/findings.ts';
import { givenRedisSecrets } from '../config/redis-secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { systemClock } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { revokeByRedis } from '../server/revoke-by-redis.ts';
import { EXIT } from './exit.ts';

/** The flags of `revoke` that say whom, and by which way. */
export interface RevokeWayFlags {
  readonly turnName?: boolean;
  readonly client?: boolean;
  readonly registration?: boolean;
  readonly url?: string[];
  readonly redis?: boolean;
}

/** Writes a TURN name into the Redis that the servers share, which knows no users. Prints what came of it, and returns the exit code. */
export async function revokeInRedis(name: string, flags: RevokeWayFlags, config: Config): Promise<number> {
  const secrets = givenRedisSecrets(config, atOnce);
  if (!secrets) throw invalid('--redis: expected redis.servers in the configuration, got none');
  if (flags.url !== undefined) throw invalid('--redis: expected no --url beside it: it asks no server');
  if (flags.registration || !flags.turnName) {
    const what = flags.registration ? 'end registrations' : `tell which TURN names ${name} holds`;
    const instead = 'take a TURN name from the log of a TURN server, with --turn-name';
    throw invalid(`revoke: only an edge can ${what}: ask it by admin.tokenFile or --token-file, or ${instead}`);
  }
  const place = config.redis.servers.join(', ');
  const told = await revokeByRedis(config, secrets, name, systemClock);
  if (!told.ok) {
    console.error(`${place}: ${told.reason}`);
    return EXIT.failed;
  }
  const { user, untilSec, heardBy } = told.value;
  const end = new Date(untilSec * 1000).toISOString();
  console.log(`${place}: revoked ${user} until ${end}, processes that heard it at once: ${heardBy}`);
  return EXIT.ok;
}

function invalid(message: string): EpcscfTurnError {
  return new EpcscfTurnError('ERR_CONFIG_INVALID', message);
}
