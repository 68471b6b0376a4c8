import { isUtf8 } from 'node:buffer';
import { fail, ok, type Result } from '../base/result.ts';
import { isBlank, isToken, parseDecimal, trimBlanks } from './character-class.ts';
import { type FieldMemory } from './field-memory.ts';
import { HeaderField } from './header-field.ts';
import { headerKey, knownNameAt } from './header-names.ts';
import { NO_BODY, SipHeaders, type SipMessage, type SipRequest } from './message.ts';
import { isNeverRepeated } from './repeated-fields.ts';
import { parseStartLine, type RequestLine, type StartLineError, type StatusLine } from './start-line.ts';

export interface ParseLimits {
  /** Most header field lines in one message. */
  readonly maxHeaders: number;
  /** Most UTF-8 bytes in the start line, or in one header field with its folded lines. */
  readonly maxLineBytes: number;
}

export type SipParseError =
  | 'empty'
  | StartLineError
  | 'incomplete-header'
  | 'malformed-header'
  | 'stray-line-break'
  | 'line-too-long'
  | 'too-many-headers'
  | 'not-utf8'
  | 'content-length-mismatch';

/**
 * What could not be parsed. `request` holds the part of a request that was read before the defect, when that includes a Via: enough to
 * send the 400 (or 505) that RFC 3261 §16.3 wants, with `createResponse`. Its Request-URI is empty where the request line was the defect.
 */
export interface SipParseFailure {
  readonly ok: false;
  readonly reason: SipParseError;
  readonly request?: SipRequest;
}

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
/** With the end of the line before it. */
const EMPTY_LINE = Buffer.from('\n\r\n');
/** Room for the head that came before a body, not for the other messages of a full chunk. */
const MAX_KEPT_ALONG_BYTES = 4096;

/** Nothing else that a client sends is repeated nearly word for word. */
const REPEATED_METHOD = 'REGISTER';
const END_OF_HEAD = 'end-of-head';

type LineDefect = 'incomplete-header' | 'stray-line-break' | 'line-too-long';

/** One pass over the head of a message. Each position is visited a bounded number of times, whatever the text holds. */
class Scanner {
  readonly text: string;
  readonly #maxLineBytes: number;
  /** Where the line that `nextLine` has found begins and ends, without its CRLF (or bare LF), and where the next one begins. */
  start = 0;
  end = 0;
  position = 0;
  #nextCarriageReturn = -1;

  constructor(text: string, maxLineBytes: number) {
    this.text = text;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Moves to the line at the position; returns why it is none. */
  nextLine(): LineDefect | undefined {
    const start = this.position;
    const lineFeed = this.text.indexOf('\n', start);
    if (lineFeed < 0) return 'incomplete-header';
    const end = lineFeed > start && this.text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
    if (this.#carriageReturnFrom(start) < end) return 'stray-line-break';
    if (exceeds(this.text, start, end, this.#maxLineBytes)) return 'line-too-long';
    this.start = start;
    this.end = end;
    this.position = lineFeed + 1;
    return undefined;
  }

  /** The line that was found. */
  get line(): string {
    return this.text.slice(this.start, this.end);
  }

  startsFolded(): boolean {
    return isBlank(this.text.charCodeAt(this.position));
  }

  /** The next CR at or after `start`; found once and remembered, so that LF-only text is not searched to its end for every line. */
  #carriageReturnFrom(start: number): number {
    if (this.#nextCarriageReturn < start) {
      const found = this.text.indexOf('\r', start);
      this.#nextCarriageReturn = found < 0 ? Infinity : found;
    }
    return this.#nextCarriageReturn;
  }
}

/**
 * Parses one SIP message that fills `bytes`, as one WebSocket message does (RFC 7118 §4.2): the head is decoded as UTF-8, start line and
 * header field lines are cut, their values stay text until asked for. Takes bare LF for CRLF, compact names, folded lines. The body stays
 * octets; without Content-Length it is the rest of the bytes, and what lies beyond Content-Length is dropped (RFC 3261 §18.3). It may be a view
 * of `bytes`, which the caller therefore leaves as they are. `memory`: of the connection that the message came on. Never throws.
 */
export function parseSipMessage(
  bytes: Buffer,
  limits: ParseLimits,
  memory?: FieldMemory,
): { readonly ok: true; readonly value: SipMessage } | SipParseFailure {
  const headStart = endOfLineBreaks(bytes);
  if (headStart === bytes.length) return fail('empty');
  const headEnd = endOfHead(bytes, headStart);
  const head = bytes.toString('utf8', headStart, headEnd);
  const scanner = new Scanner(head, limits.maxLineBytes);
  const lineDefect = scanner.nextLine();
  if (lineDefect !== undefined) return { ok: false, reason: lineDefect };
  const { line } = scanner;
  const known = memory?.begin(line);
  const startLine = known ? ok(known) : parseStartLine(line);
  if (!startLine.ok) return withSalvage(startLine.reason, line, scanner, limits);

  const message = emptyMessage(startLine.value);
  const defect =
    (memory && startLine.value.kind === 'request' && startLine.value.method === REPEATED_METHOD
      ? scanRepeated(scanner, message.headers, limits, memory, line, startLine.value)
      : scanHeaders(scanner, message.headers, limits)) ??
    (isUnsupported(startLine.value) ? 'unsupported-version' : undefined) ??
    takeRest(message, scanner, bytes, { headStart, headEnd });
  return defect === undefined ? ok(message) : failure(defect, message);
}

/** RFC 3261 §7.5: empty lines before the start line are ignored. */
function endOfLineBreaks(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === CR || bytes[at] === LF) at++;
  return at;
}

/** Behind the first empty line with a CR, as nearly all are; the scanner may find one without before. */
function endOfHead(bytes: Buffer, start: number): number {
  const lineFeed = bytes.indexOf(EMPTY_LINE, start);
  return lineFeed < 0 ? bytes.length : lineFeed + EMPTY_LINE.length;
}

function emptyMessage(line: RequestLine | StatusLine): SipMessage {
  const headers = new SipHeaders();
  return line.kind === 'request'
    ? { kind: 'request', method: line.method, uri: line.uri, headers, body: NO_BODY }
    : { kind: 'response', status: line.status, reason: line.reason, headers, body: NO_BODY };
}

/** Between a method and a version there may be anything: whoever wrote a request line wrong is owed the 400 that says so. */
function withSalvage(reason: StartLineError, line: string, scanner: Scanner, limits: ParseLimits): SipParseFailure {
  const method = line.slice(0, Math.max(0, line.indexOf(' ')));
  if (!isToken(method) || !/ SIP\/\d/.test(line)) return { ok: false, reason };
  const message = emptyMessage({ kind: 'request', method, uri: '', isSupportedVersion: true });
  scanHeaders(scanner, message.headers, limits);
  return failure(reason, message);
}

function isUnsupported(line: RequestLine | StatusLine): boolean {
  return line.kind === 'request' && !line.isSupportedVersion;
}

function failure(reason: SipParseError, message: SipMessage): SipParseFailure {
  return message.kind === 'request' && message.headers.has('via')
    ? { ok: false, reason, request: message }
    : { ok: false, reason };
}

function scanHeaders(scanner: Scanner, headers: SipHeaders, limits: ParseLimits): SipParseError | undefined {
  if (scanner.startsFolded()) return 'malformed-header';
  for (;;) {
    const field = scanField(scanner, headers, limits);
    if (field === END_OF_HEAD) return undefined;
    if (typeof field === 'string') return field;
    headers.appendField(field);
  }
}

/** Lines that the last message had as well are not scanned. */
function scanRepeated(
  scanner: Scanner,
  headers: SipHeaders,
  limits: ParseLimits,
  memory: FieldMemory,
  startLine: string,
  request: RequestLine,
): SipParseError | undefined {
  if (scanner.startsFolded()) return 'malformed-header';
  let isOther = false;
  for (;;) {
    const run = memory.find(scanner.text, scanner.position);
    if (run) {
      if (headers.count + run.fields.length > limits.maxHeaders) return 'too-many-headers';
      for (const field of run.fields) headers.appendField(field);
      scanner.position += run.text.length;
      continue;
    }
    const field = scanField(scanner, headers, limits);
    if (field === END_OF_HEAD) break;
    if (typeof field === 'string') return field;
    headers.appendField(field);
    isOther ||= !isNeverRepeated(field.key);
  }
  headers.markRepeated(memory.end(startLine, request, headers.fields, isOther));
  return undefined;
}

/** The field at the position, with the lines that continue it; or why there is none. */
function scanField(
  scanner: Scanner,
  headers: SipHeaders,
  limits: ParseLimits,
): HeaderField | SipParseError | typeof END_OF_HEAD {
  const defect = scanner.nextLine();
  if (defect !== undefined) return defect;
  const { text, start, end } = scanner;
  if (start === end) return END_OF_HEAD;
  const unfolded = scanner.startsFolded() ? unfold(scanner, limits.maxLineBytes) : undefined;
  if (unfolded?.ok === false) return unfolded.reason;
  if (headers.count >= limits.maxHeaders) return 'too-many-headers';
  const field = unfolded ? readField(unfolded.value, 0, unfolded.value.length) : readField(text, start, end);
  return field ?? 'malformed-header';
}

/** RFC 3261 §7.3.1: a line that begins with a blank continues the one before; the break counts as one space. */
function unfold(scanner: Scanner, maxLineBytes: number): Result<string, LineDefect> {
  const parts = [trimBlanks(scanner.line)];
  let length = scanner.end - scanner.start;
  while (scanner.startsFolded()) {
    const defect = scanner.nextLine();
    if (defect !== undefined) return fail(defect);
    length += scanner.end - scanner.start;
    if (length > maxLineBytes) return fail('line-too-long');
    const part = trimBlanks(scanner.line);
    if (part !== '') parts.push(part);
  }
  const field = parts.join(' ');
  return exceeds(field, 0, field.length, maxLineBytes) ? fail('line-too-long') : ok(field);
}

/** The field between `start` and `end`. Of one whose name is known, the value alone is cut out. */
function readField(text: string, start: number, end: number): HeaderField | undefined {
  let colon = start;
  while (colon < end && text.charCodeAt(colon) !== COLON) colon++;
  if (colon === end) return undefined;
  let nameEnd = colon;
  while (nameEnd > start && isBlank(text.charCodeAt(nameEnd - 1))) nameEnd--;
  if (nameEnd === start) return undefined;
  const value = trimBlanks(text, colon + 1, end);
  const known = knownNameAt(text, start, nameEnd);
  if (known) return new HeaderField(known.spelling, known.key, value);
  const name = text.slice(start, nameEnd);
  return isToken(name) ? new HeaderField(name, headerKey(name), value) : undefined;
}

/** What the scanner has not seen: whether the head was UTF-8, and the body. */
function takeRest(
  message: SipMessage,
  { text, position }: Scanner,
  bytes: Buffer,
  { headStart, headEnd }: { readonly headStart: number; readonly headEnd: number },
): 'not-utf8' | 'content-length-mismatch' | undefined {
  // An empty line of bare LF ends the head before the one that was looked for.
  const bodyStart = position === text.length ? headEnd : headStart + Buffer.byteLength(text.slice(0, position));
  // What is not UTF-8 was decoded as U+FFFD, so that only a head with one of these has to be looked at again.
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(headStart, bodyStart))) return 'not-utf8';
  return takeBody(message, bytes, bodyStart);
}

/** RFC 3261 §20.14 and §18.3; RFC 7118 §5.3 lets Content-Length be absent. */
function takeBody(message: SipMessage, bytes: Buffer, start: number): 'content-length-mismatch' | undefined {
  const available = bytes.length - start;
  const { headers } = message;
  const first = headers.get('content-length');
  const length = first === undefined ? available : parseDecimal(first, available);
  if (length === undefined) return 'content-length-mismatch';
  const isAgreed =
    !headers.isRepeated('content-length') ||
    headers.getAll('content-length').every((other) => parseDecimal(other, length) === length);
  if (!isAgreed) return 'content-length-mismatch';
  message.body = bodyOf(bytes, start, length);
  return undefined;
}

/** A transaction holds its body for minutes: as a view where that keeps little else alive, else as a copy outside the pool of Node. */
function bodyOf(bytes: Buffer, start: number, length: number): Uint8Array {
  if (length === 0) return NO_BODY;
  const view = bytes.subarray(start, start + length);
  if (view.buffer.byteLength - length <= MAX_KEPT_ALONG_BYTES) return view;
  const copy = Buffer.allocUnsafeSlow(length);
  copy.set(view);
  return copy;
}

/** Whether `start` to `end` takes more than `maxBytes` in UTF-8; counts only when the number of characters leaves a doubt. */
function exceeds(text: string, start: number, end: number, maxBytes: number): boolean {
  const length = end - start;
  if (length > maxBytes) return true;
  return length * 3 > maxBytes && Buffer.byteLength(text.slice(start, end)) > maxBytes;
}
