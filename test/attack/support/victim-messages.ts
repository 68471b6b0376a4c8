import { type ConfigInput, type ServerAddresses } from '../../../src/index.ts';

export interface LogCounts {
  readonly lines: Record<'trace' | 'debug' | 'info' | 'warn' | 'error', number>;
  /** Text and fields of lines at info and above. */
  infoBytes: number;
}

export interface VictimStatus {
  /** Bytes */
  readonly memory: Readonly<Record<'rss' | 'heapUsed' | 'external' | 'arrayBuffers', number>>;
  /** What is in memory of each connection, after a collection: the WebSockets of the edge, and what is below them. */
  readonly objects: Readonly<Record<'Flow' | 'WebSocket' | 'TLSSocket', number>> | undefined;
  /** The longest time since the start that nobody was served. */
  readonly longestBlockMs: number;
  readonly log: LogCounts;
  /** Lines at error level, the first few. */
  readonly errors: readonly string[];
  readonly turn:
    | {
        readonly allocations: number;
        readonly reservations: number;
        readonly connections: number;
        readonly timers: number;
        readonly relayPortsTaken: number;
        readonly granted: number;
        readonly refused: number;
        readonly unauthenticated: number;
        readonly drops: Readonly<Record<string, number>>;
      }
    | undefined;
  readonly edge:
    | { readonly flows: number; readonly registrations: number; readonly transactions: number; readonly timers: number }
    | undefined;
}

export type Ask =
  | { readonly id: number; readonly do: 'start'; readonly config: ConfigInput }
  | { readonly id: number; readonly do: 'status'; readonly collect: boolean };

export interface Started extends Pick<ServerAddresses, 'https' | 'turn'> {
  /** PEM file of the lab CA that signed the server's certificate. */
  readonly caFile: string;
}

export interface Reply {
  readonly started?: Started;
  readonly status?: VictimStatus;
  readonly failed?: string;
}
