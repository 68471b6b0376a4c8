import type * as redisPackage from '@redis/client';

/** The client library, which is loaded only where a Redis is configured. */
export type ClientPackage = typeof redisPackage;

/** Reports about connections. */
export interface TransportReports {
  /** A connection is ready, for the first time or again. */
  readonly ready: () => void;
  readonly failed: (error: Error) => void;
}

/** Connections that come back by themselves. */
export interface Connections {
  /** Sends a command. `key` decides the node of a cluster. Rejects with the error; at once when there is no connection. */
  send(key: string | undefined, command: readonly string[]): Promise<unknown>;
  /** Subscribes to a channel, now and whenever a connection is made again. */
  subscribe(channel: string, hear: (message: string) => void): void;
  /** Drops the connection for commands and makes another. Does nothing where the client library does so by itself. */
  reset(): void;
  close(): Promise<void>;
}
