import { isBlank, parseDecimal, trimBlanks } from '../../../../sip/character-class.ts';
import { headerKey } from '../../../../sip/header-names.ts';

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const HYPHEN = 0x2d;
const ZERO = 0x30;
const LETTER_C = 0x63;
const LETTER_L = 0x6c;
/** The bit that makes a letter a small one. */
const LOWER_CASE = 0x20;
const CONTENT_LENGTH = 'content-length';
const HYPHEN_AT = CONTENT_LENGTH.indexOf('-');
/** A larger number is read with care. */
const MAX_PLAIN_DIGITS = 9;

/** Where the value begins of a whole line at `at`, if that is a Content-Length, or may be one. */
export function lengthValueAt(bytes: Buffer, at: number): number | undefined {
  const initial = (bytes[at] ?? 0) | LOWER_CASE;
  if (initial === LETTER_L) return afterColon(bytes, at + 1);
  // Of the fields that begin with the same letter, those that say something of the content have a hyphen there.
  if (initial !== LETTER_C || bytes[at + HYPHEN_AT] !== HYPHEN) return undefined;
  const end = at + CONTENT_LENGTH.length;
  return bytes.toString('latin1', at, end).toLowerCase() === CONTENT_LENGTH ? afterColon(bytes, end) : undefined;
}

function afterColon(bytes: Buffer, at: number): number | undefined {
  const colon = skipBlanks(bytes, at);
  return bytes[colon] === COLON ? colon + 1 : undefined;
}

/** A few digits that are all there is of the line and of the value; `undefined` for anything else. */
export function plainNumber(bytes: Buffer, valueAt: number): number | undefined {
  const start = skipBlanks(bytes, valueAt);
  let value = 0;
  let at = start;
  for (let digit = (bytes[at] ?? 0) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[at] ?? 0) - ZERO) {
    value = value * 10 + digit;
    at++;
  }
  if (at === start || at - start > MAX_PLAIN_DIGITS) return undefined;
  if (bytes[at] === CR) at++;
  return bytes[at] === LF && !isBlank(bytes[at + 1] ?? 0) ? value : undefined;
}

function skipBlanks(bytes: Buffer, start: number): number {
  let at = start;
  while (isBlank(bytes[at] ?? 0)) at++;
  return at;
}

/**
 * Reads the Content-Length of a whole head, however it is written. `undefined` without Content-Length, with one that is no number, and with two that
 * differ: two readers could each believe another.
 */
export function contentLength(head: string): number | undefined {
  let length: number | undefined;
  const [, ...lines] = head.split('\n');
  for (const [i, line] of lines.entries()) {
    const colon = line.indexOf(':');
    if (colon < 0 || headerKey(trimBlanks(line, 0, colon)) !== CONTENT_LENGTH || isFolded(line)) continue;
    const value = parseDecimal(unfolded(lines, i, colon), Number.MAX_SAFE_INTEGER);
    if (value === undefined || (length !== undefined && value !== length)) return undefined;
    length = value;
  }
  return length;
}

/** RFC 3261 §7.3.1: the value, with the lines that continue it. */
function unfolded(lines: readonly string[], index: number, colon: number): string {
  let value = withoutCr(lines[index] ?? '').slice(colon + 1);
  for (let i = index + 1; isFolded(lines[i] ?? ''); i++) value += ` ${withoutCr(lines[i] ?? '')}`;
  return trimBlanks(value);
}

function isFolded(line: string): boolean {
  return line.startsWith(' ') || line.startsWith('\t');
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
