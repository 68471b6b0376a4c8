import { type Config } from '../config/schema/tree.ts';

/** How often one IPv4 address or IPv6 /64 may do something. */
export interface SourceRate {
  readonly perSec: number;
  readonly burst: number;
  /** Clients that are told apart; past it the longest silent is forgotten. */
  readonly maxKeys: number;
  /** Ranges without a limit. */
  readonly exempt: readonly string[];
}

/** Pages and TURN beside the WebSockets, whose own limit is told to their clients and should be the first that is met. */
const HANDSHAKES_PER_WEB_SOCKET = 2;

/** Of TCP connections to the HTTPS door. */
export function handshakeRate({ edge: { limits } }: Config): SourceRate {
  return {
    perSec: HANDSHAKES_PER_WEB_SOCKET * limits.handshakesPerSecPerAddress,
    burst: HANDSHAKES_PER_WEB_SOCKET * limits.handshakeBurstPerAddress,
    maxKeys: limits.sources,
    exempt: limits.exempt,
  };
}

/** Of requests that open no WebSocket. */
export function httpRequestRate({ edge: { limits } }: Config): SourceRate {
  return {
    perSec: limits.httpRequestsPerSecPerAddress,
    burst: limits.httpRequestBurstPerAddress,
    maxKeys: limits.sources,
    exempt: limits.exempt,
  };
}
