import { type Config } from '../config/schema/tree.ts';
import { type SourceRateOptions } from '../base/source-rate.ts';

/** Pages and TURN beside the WebSockets, whose own limit is told to their clients and should be the first that is met. */
const HANDSHAKES_PER_WEB_SOCKET = 2;

/** How many TCP connections one client may make to the HTTPS server: twice as many as WebSockets. */
export function handshakeRate({ edge: { limits } }: Config): SourceRateOptions {
  return {
    perSec: HANDSHAKES_PER_WEB_SOCKET * limits.handshakesPerSecPerAddress,
    burst: HANDSHAKES_PER_WEB_SOCKET * limits.handshakeBurstPerAddress,
    maxKeys: limits.sources,
    exempt: limits.exempt,
  };
}

/** How many HTTP requests one client may send that open no WebSocket. */
export function httpRequestRate({ edge: { limits } }: Config): SourceRateOptions {
  return {
    perSec: limits.httpRequestsPerSecPerAddress,
    burst: limits.httpRequestBurstPerAddress,
    maxKeys: limits.sources,
    exempt: limits.exempt,
  };
}
