import { type Report, type Rule } from './rule-report.ts';
import { redisNode } from './redis.ts';
import { type Config } from './tree.ts';

export const REDIS_RULES: readonly Rule[] = [
  checkServers,
  checkCluster,
  checkPasswords,
  checkTlsFiles,
  checkDelivery,
  checkUsers,
];

/** Whether any Redis is configured. */
export function usesRedis({ redis }: Config): boolean {
  return redis.servers.length > 0;
}

function checkServers({ redis: { kind, servers } }: Config, report: Report): void {
  if (kind === 'server' && servers.length > 1) {
    report('redis.servers', 'one server, because redis.kind is server', `${servers.length}`);
  }
  if (kind !== 'server' && servers.length === 0) {
    report('redis.servers', `at least one server, because redis.kind is ${kind}`, []);
  }
  const [first, ...others] = servers.map((url) => redisNode(url).tls);
  if (others.some((tls) => tls !== first)) report('redis.servers', 'redis:// or rediss:// for all of them', 'both');
}

function checkCluster({ redis: { kind, database } }: Config, report: Report): void {
  if (kind === 'cluster' && database !== 0) report('redis.database', '0, because redis.kind is cluster', database);
}

function checkPasswords({ redis }: Config, report: Report): void {
  if (redis.password !== undefined && redis.passwordFile !== undefined) {
    report('redis', 'one of "password" and "passwordFile"', 'both');
  }
  if (redis.sentinelPassword !== undefined && redis.sentinelPasswordFile !== undefined) {
    report('redis', 'one of "sentinelPassword" and "sentinelPasswordFile"', 'both');
  }
  if (redis.username !== undefined && redis.password === undefined && redis.passwordFile === undefined) {
    report('redis.passwordFile', 'a password for redis.username', undefined);
  }
}

function checkTlsFiles({ redis: { tls } }: Config, report: Report): void {
  if (tls.certFile !== undefined && tls.keyFile === undefined) {
    report('redis.tls.keyFile', 'the key of redis.tls.certFile, in a file', undefined);
  }
  if (tls.keyFile !== undefined && tls.certFile === undefined) {
    report('redis.tls.certFile', 'the certificate of redis.tls.keyFile, in a file', undefined);
  }
}

/** Whether the TURN server of this process honours users of Redis. */
export function readsUsers(config: Config): boolean {
  return config.turn.enabled && usesRedis(config) && config.redis.users;
}

/** What is delivered must arrive somewhere. */
function checkDelivery(config: Config, report: Report): void {
  const { edge, turn, credentials, redis } = config;
  if (!edge.enabled || credentials.approach !== 'delivered') return;
  if (!turn.enabled && !usesRedis(config)) {
    report('redis.servers', 'a Redis, because credentials.approach is delivered and turn.enabled is false', []);
  }
  if (turn.enabled && usesRedis(config) && !redis.users) {
    report('redis.users', 'true, because credentials.approach is delivered', false);
  }
}

/** What a TURN server is delivered are MD5 keys by name, and no more. */
function checkUsers(config: Config, report: Report): void {
  const { turn, credentials } = config;
  const fromRedis = readsUsers(config);
  if (!turn.enabled || !(fromRedis || credentials.approach === 'delivered')) return;
  const why = fromRedis ? 'the TURN server honours the users in Redis' : 'credentials.approach is delivered';
  if (turn.usernameAnonymity) report('turn.usernameAnonymity', `false, because ${why}`, true);
  if (turn.passwordAlgorithms.length > 0 && !turn.passwordAlgorithms.includes('md5')) {
    report('turn.passwordAlgorithms', `md5 among them, because ${why}`, turn.passwordAlgorithms);
  }
}
