import { type Clock } from '../base/clock.ts';
import { type TimerQueue } from '../base/timer-queue.ts';
import { type CoreSide } from './core/core-side.ts';
import { type Hop } from './hop.ts';
import { type Outbound } from './outbound.ts';
import { type RequestHandler } from './proxy/request-stages.ts';
import { type TokenCheck } from './web-identity/token-verifier.ts';

export interface OutboundPorts {
  readonly clock: Clock;
  readonly timers: TimerQueue;
}

export interface CoreSidePorts {
  /** SIP home domain, lower case. */
  readonly domain: string;
  /** A message of the core on its way into the edge, as it would come over a connection. */
  readonly receive: (bytes: Buffer, hop: Hop) => void;
  /** Runs something once what is going on now has ended, and survives its mistakes. */
  readonly defer: (run: () => void) => void;
}

/**
 * What a program puts around parts of an edge. The parts are wrapped once, when the edge is built, so a part that is not wrapped costs nothing
 * more.
 */
export interface EdgeWrap {
  /** Around what handles the requests of hops that are no retransmissions. */
  readonly requests?: (handler: RequestHandler) => RequestHandler;
  /** Around what checks web tokens. */
  readonly tokenCheck?: (check: TokenCheck) => TokenCheck;
  /** Around the way out. */
  readonly outbound?: (outbound: Outbound, ports: OutboundPorts) => Outbound;
  /** Around the core inside this process; a core outside is never wrapped. */
  readonly coreInside?: (side: CoreSide, ports: CoreSidePorts) => CoreSide;
}
