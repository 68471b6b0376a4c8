import { type Report, type Rule } from './rule-report.ts';
import { type Config } from './tree.ts';

/** What the keys of access tokens ask of each other, and of what else is configured. */
export const ACCESS_TOKEN_RULES: readonly Rule[] = [checkKids, checkLifetime, checkRedis];

function checkKids({ oauth: { keys } }: Config, report: Report): void {
  keys.forEach(({ kid }, i) => {
    if (keys.findIndex((other) => other.kid === kid) !== i) report(`oauth.keys.${i}.kid`, 'a kid of its own', kid);
  });
}

function checkLifetime({ oauth: { lifetimeSec }, credentials: { ttl } }: Config, report: Report): void {
  if (lifetimeSec > ttl.maxSec)
    report('oauth.lifetimeSec', `at most credentials.ttl.maxSec (${ttl.maxSec})`, lifetimeSec);
}

function checkRedis({ oauth, redis }: Config, report: Report): void {
  if (oauth.keysFromRedis && redis.servers.length === 0) {
    report('redis.servers', 'a Redis, because oauth.keysFromRedis is true', []);
  }
}
