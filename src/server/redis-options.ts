import { type RedisSecrets } from '../config/redis-secrets.ts';
import { redisNode } from '../config/schema/redis.ts';
import { type Config } from '../config/schema/tree.ts';
import { type RedisOptions } from '../redis/redis-options.ts';

export function redisOptions(
  { redis }: Config,
  { password, sentinelPassword, certificate, ca }: RedisSecrets,
): RedisOptions {
  const nodes = redis.servers.map(redisNode);
  const { cert, key } = certificate ?? {};
  return {
    kind: redis.kind,
    nodes: nodes.map(({ host, port }) => ({ host, port })),
    masterName: redis.masterName,
    tls: nodes.some(({ tls }) => tls) ? { ca, cert, key, serverName: redis.tls.serverName } : undefined,
    username: redis.username,
    password,
    sentinelPassword,
    database: redis.database,
    timeoutMs: redis.timeoutMs,
    maxWaiting: redis.maxWaiting,
  };
}
