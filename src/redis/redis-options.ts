import { type TlsParts } from '../base/key-pair.ts';
import { type Secret } from '../base/secret.ts';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisTlsOptions extends TlsParts {
  /** The name that the certificate of Redis must have; absent: the host of the node. */
  readonly serverName?: string | undefined;
}

export interface RedisOptions {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  /** One server, or some of the sentinels or cluster nodes. */
  readonly nodes: readonly RedisNode[];
  /** The name by which the sentinels know the master. Not used by other kinds. */
  readonly masterName: string;
  /** TLS options; absent: no TLS. */
  readonly tls: RedisTlsOptions | undefined;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly sentinelPassword: Secret | undefined;
  readonly database: number;
  readonly timeoutMs: number;
  /** How many commands may wait for their reply. */
  readonly maxWaiting: number;
}
