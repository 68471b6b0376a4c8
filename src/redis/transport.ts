import { openCluster } from './cluster.ts';
import { type Connections, type TransportReports } from './connections.ts';
import { type RedisOptions } from './redis-options.ts';
import { openSentinel } from './sentinel.ts';
import { openServer } from './server.ts';

/** Connections to a Redis of some kind. */
export interface RedisTransport extends Connections {
  /** Whether an error is a refusal by Redis, which was there. */
  isRefusal(error: unknown): boolean;
}

/** Loads the client library, which costs nothing where no Redis is configured, and begins to connect. */
export async function openTransport(options: RedisOptions, reports: TransportReports): Promise<RedisTransport> {
  const redis = await import('@redis/client');
  const isRefusal = (error: unknown): boolean => error instanceof redis.ErrorReply;
  return { ...OPEN[options.kind](redis, options, reports), isRefusal };
}

const OPEN = { server: openServer, sentinel: openSentinel, cluster: openCluster } as const;
