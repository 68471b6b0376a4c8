import { EpcscfTurnError } from '../../base/errors.ts';
import { type FlowCloseCause } from '../edge-words.ts';
import { isCloseCode } from '../websocket/close-status.ts';

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
  'made-room': 1013,
  'authentication-failures': 1008,
  'core-outage': 1012,
  deregistered: 1008,
  shortened: 1012,
  operator: 1000,
  stopped: 1001,
} as const satisfies Record<OwnCloseCause, number | undefined>;

/** The code a client sees as an abnormal end. */
export const ABNORMAL_CLOSURE = 1006;
/** Tells clients to come back at once: JsSIP does within two seconds. */
export const SERVICE_RESTART = 1012;

/** What a close frame says (RFC 6455 §5.5.1). */
export interface CloseFrame {
  /** 1000 to 1014 without 1004 to 1006, which never travel, or 3000 to 4999. */
  readonly code?: number;
  /** Up to 123 bytes of UTF-8. */
  readonly reason?: string;
}

const MAX_REASON_BYTES = 123;

/** Throws ERR_INVALID_ARGUMENT for a close frame that may not be sent. `where` names the call. */
export function checkCloseFrame({ code, reason = '' }: CloseFrame, where: string): void {
  if (code !== undefined && !isCloseCode(code)) {
    throw new EpcscfTurnError(
      'ERR_INVALID_ARGUMENT',
      `${where}: expected a close code 1000-1003, 1007-1014 or 3000-4999, got ${code}`,
    );
  }
  const bytes = Buffer.byteLength(reason);
  if (bytes > MAX_REASON_BYTES) {
    throw new EpcscfTurnError(
      'ERR_INVALID_ARGUMENT',
      `${where}: expected a reason of up to ${MAX_REASON_BYTES} bytes, got ${bytes}`,
    );
  }
}
