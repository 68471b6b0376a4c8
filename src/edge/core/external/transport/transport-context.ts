import { type Clock } from '../../../../base/clock.ts';
import { type EndOfTurn } from '../../../../base/end-of-turn.ts';
import { type Logger } from '../../../../base/logger.ts';
import { type TimerQueue } from '../../../../base/timer-queue.ts';
import { type CoreTransportHandlers } from './core-transport.ts';
import { type TrustedAddresses } from './trusted-addresses.ts';

export interface CoreTransportLimits {
  /** The largest message taken from a core, head and body. */
  readonly messageBytes: number;
  /** Bytes that may wait for a core that does not read, or is not connected yet, before its connection is closed. */
  readonly bufferedBytes: number;
  /** Milliseconds for TCP and TLS handshake together, after which waiting messages are given up. */
  readonly connectTimeoutMs?: number;
  /** A connection without traffic for so many milliseconds is closed. */
  readonly idleMs?: number;
}

export interface TransportContext {
  readonly limits: Required<CoreTransportLimits>;
  readonly handlers: CoreTransportHandlers;
  readonly trusted: TrustedAddresses;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly endOfTurn: EndOfTurn;
  readonly logger: Logger;
}
