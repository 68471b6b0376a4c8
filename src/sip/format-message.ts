import { EpcscfTurnError } from '../base/errors.ts';
import { type SipMessage } from './message.ts';

/** The message as it goes on the wire: a head of CRLF lines in UTF-8, with Content-Length, and the body byte for byte. Leaves the message as it is. */
export function formatSipMessage(message: SipMessage): Buffer {
  const head = formatSipHead(message);
  const { body } = message;
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(headBytes + body.length);
  // A text of ASCII alone is copied, not converted.
  bytes.write(head, headBytes === head.length ? 'latin1' : 'utf8');
  if (body.length > 0) bytes.set(body, headBytes);
  return bytes;
}

/** The message up to its body, for whoever puts more around it than the body. */
export function formatSipHead(message: SipMessage): string {
  const startLine = startLineOf(message);
  if (startLine.includes('\r') || startLine.includes('\n')) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', 'SIP start line: expected no line breaks');
  }
  return `${startLine}\r\n${message.headers.formatLines(message.body.length)}\r\n`;
}

/** The start line without its line break. */
export function startLineOf(message: SipMessage): string {
  return message.kind === 'request'
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
}
