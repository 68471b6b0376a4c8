import type * as redisPackage from '@redis/client';

/** The client library, which is loaded only where a Redis is configured. */
export type ClientPackage = typeof redisPackage;

/** What comes of connections. */
export interface TransportReports {
  /** One of them is there, perhaps again. */
  readonly ready: () => void;
  readonly failed: (error: Error) => void;
}

/** Connections that come back by themselves. */
export interface Connections {
  /** `key` says which node of a cluster is meant. Rejects with what went wrong; at once where there is no connection. */
  send(key: string | undefined, command: readonly string[]): Promise<unknown>;
  /** From here on, whenever there is a connection. */
  subscribe(channel: string, hear: (message: string) => void): void;
  /** Gives the connection for commands up, and makes another. No-op where the client library watches over that itself. */
  reset(): void;
  close(): Promise<void>;
}
