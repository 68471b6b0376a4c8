import { type KeyPair } from '../base/key-pair.ts';
import { type Secret } from '../base/secret.ts';
import { type Attempt } from './findings.ts';
import { readCa, readCertificate } from './given-certificate.ts';
import { usesRedis } from './schema/redis-rules.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** Passwords and certificates for connections to Redis. */
export interface RedisSecrets {
  readonly password?: Secret;
  readonly sentinelPassword?: Secret;
  readonly certificate?: KeyPair;
  /** PEM bundle of the CAs that may sign the certificates of Redis; absent: the CAs that Node.js trusts. */
  readonly ca?: string;
}

/** Reads the secrets of section `redis`. `undefined` when no Redis is configured. Throws ERR_CONFIG_UNREADABLE or ERR_CERTIFICATE_UNREADABLE. */
export function givenRedisSecrets(config: Config, attempt: Attempt): RedisSecrets | undefined {
  if (!usesRedis(config)) return undefined;
  const { redis } = config;
  const { caFile } = redis.tls;
  const password = attempt(() => secretOf(redis.password, redis.passwordFile, 'redis.passwordFile'));
  const sentinelPassword = attempt(() =>
    secretOf(redis.sentinelPassword, redis.sentinelPasswordFile, 'redis.sentinelPasswordFile'),
  );
  const certificate = readCertificate(redis.tls, 'redis.tls', attempt);
  const ca = caFile === undefined ? undefined : attempt(() => readCa(caFile, 'redis.tls.caFile'));
  return {
    ...(password && { password }),
    ...(sentinelPassword && { sentinelPassword }),
    ...(certificate && { certificate }),
    ...(ca !== undefined && { ca }),
  };
}
