import { type Secret } from '../base/secret.ts';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisTlsOptions {
  /** PEM; absent: the CAs that Node.js trusts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

export interface RedisOptions {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  /** One server, or some of the sentinels or cluster nodes. */
  readonly nodes: readonly RedisNode[];
  /** Of `sentinel`: the name they know the master by. */
  readonly masterName: string;
  /** Absent: no TLS. */
  readonly tls: RedisTlsOptions | undefined;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly sentinelPassword: Secret | undefined;
  readonly database: number;
  readonly timeoutMs: number;
  /** Commands that wait at most. */
  readonly maxWaiting: number;
}
