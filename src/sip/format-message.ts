import { EpcscfTurnError } from '../core/errors.ts';
import { type SipMessage } from './message.ts';

/** The message as it goes on the wire, CRLF lines, with Content-Length in UTF-8 bytes of the body. Leaves the message as it is. */
export function formatSipMessage(message: SipMessage): string {
  const startLine = startLineOf(message);
  if (startLine.includes('\r') || startLine.includes('\n')) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', 'SIP start line: expected no line breaks');
  }
  return `${startLine}\r\n${message.headers.formatLines(Buffer.byteLength(message.body))}\r\n${message.body}`;
}

/** Without its line break. */
export function startLineOf(message: SipMessage): string {
  return message.kind === 'request'
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
}
