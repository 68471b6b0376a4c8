import { fail, ok, type Result } from '../base/result.ts';
import { isToken, parseDecimal } from './character-class.ts';

export interface RequestLine {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  /** False for a version other than SIP/2.0, which deserves a 505. */
  readonly isSupportedVersion: boolean;
}

export interface StatusLine {
  readonly kind: 'response';
  /** The status code, 100 to 699. */
  readonly status: number;
  readonly reason: string;
}

export type StartLineError = 'malformed-start-line' | 'unsupported-version';

const VERSION = 'SIP/2.0';
const DELETE = 0x7f;

/** RFC 3261 §7.1 and §7.2. Single spaces between the parts; no control character anywhere. */
export function parseStartLine(line: string): Result<RequestLine | StatusLine, StartLineError> {
  const space = line.indexOf(' ');
  const first = space < 0 ? line : line.slice(0, space);
  return isVersion(first) ? parseStatusLine(line, first) : parseRequestLine(line, space);
}

function parseStatusLine(line: string, version: string): Result<StatusLine, StartLineError> {
  if (version.toUpperCase() !== VERSION) return fail('unsupported-version');
  const start = version.length + 1;
  const status = parseDecimal(line.slice(start, start + 3), 699);
  // Some implementations leave out the space before an empty reason phrase.
  const isCut = line.length === start + 3 || line.charCodeAt(start + 3) === 0x20;
  const reason = line.slice(start + 4);
  if (status === undefined || status < 100 || !isCut || hasControl(reason)) return fail('malformed-start-line');
  return ok({ kind: 'response', status, reason });
}

function parseRequestLine(line: string, space: number): Result<RequestLine, StartLineError> {
  const lastSpace = line.lastIndexOf(' ');
  const method = line.slice(0, Math.max(0, space));
  const uri = line.slice(space + 1, lastSpace);
  const version = line.slice(lastSpace + 1);
  if (lastSpace <= space + 1 || !isToken(method) || /[ \t]/.test(uri) || hasControl(uri) || !isVersion(version)) {
    return fail('malformed-start-line');
  }
  return ok({ kind: 'request', method, uri, isSupportedVersion: version.toUpperCase() === VERSION });
}

/** `SIP/` 1*DIGIT `.` 1*DIGIT, in any case. */
function isVersion(text: string): boolean {
  if (text === VERSION) return true;
  const dot = text.indexOf('.');
  return (
    text.length <= 16 &&
    text.slice(0, 4).toUpperCase() === 'SIP/' &&
    parseDecimal(text.slice(4, Math.max(4, dot)), Infinity) !== undefined &&
    parseDecimal(text.slice(dot + 1), Infinity) !== undefined
  );
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === DELETE) return true;
  }
  return false;
}
