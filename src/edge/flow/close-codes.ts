import { type FlowCloseCause } from '../edge-events.ts';

/** Why this side closes a flow. */
export type OwnCloseCause = Exclude<FlowCloseCause, 'client' | 'abrupt'>;

/** WebSocket close codes (RFC 6455 §7.4.1); `undefined`: the connection is cut, since nobody would read a close frame. */
export const CLOSE_CODES = {
  'ping-timeout': undefined,
  'slow-reader': undefined,
  'message-rate': 1008,
  'message-size': 1009,
  'protocol-error': 1002,
  unregistered: 1008,
  'authentication-failures': 1008,
  stopped: 1001,
} as const satisfies Record<OwnCloseCause, number | undefined>;

/** The code a client sees as an abnormal end. */
export const ABNORMAL_CLOSURE = 1006;
/** Tells clients to come back at once: JsSIP does within two seconds. */
export const SERVICE_RESTART = 1012;
