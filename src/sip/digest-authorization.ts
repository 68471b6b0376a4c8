import { fail, ok, type Result } from '../base/result.ts';
import { isBlank, isHex, isToken } from './character-class.ts';
import { type DigestAlgorithm, digestAlgorithm, hexLengthOf, isSession } from './digest-algorithm.ts';
import { isBareValue, unquote } from './params.ts';

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** The bit that makes a letter of ASCII a small one. */
const SMALL = 0x20;

/** What `qop=auth` adds to a proof. */
export interface DigestQop {
  /** Eight hexadecimal digits, as sent: they are hashed as text. */
  readonly nc: string;
  /** `nc` as a number, for replay checks. */
  readonly nonceCount: number;
  readonly cnonce: string;
}

/** Authorization or Proxy-Authorization of the Digest scheme (RFC 7616 §3.4). */
export interface DigestAuthorization {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  /** The `digest-uri`, as sent. */
  readonly uri: string;
  /** Lower-case hexadecimal; empty in the first REGISTER of an IMS client (TS 24.229 §5.1.1.2.2). */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  /** Absent in the form without qop, which RFC 3261 §22.4 keeps for old clients. */
  readonly qop?: DigestQop | undefined;
  readonly opaque?: string | undefined;
}

export type DigestError = 'other-scheme' | 'malformed' | 'unsupported-algorithm' | 'unsupported-qop';

/** The credentials in one Authorization field value. `auth-int` is refused: it was never offered. */
export function parseAuthorization(text: string): Result<DigestAuthorization, DigestError> {
  const blank = endOfScheme(text);
  if (!startsWithName(text, 0, blank, 'digest'))
    return fail(isToken(text.slice(0, blank)) ? 'other-scheme' : 'malformed');
  const fields = new Fields();
  if (!fields.read(text, blank)) return fail('malformed');
  const { values } = fields;
  const [username, realm, nonce] = [values[USERNAME], values[REALM], values[NONCE]];
  const [uri, response, named] = [values[URI], values[RESPONSE], values[ALGORITHM]];
  if (username === undefined || realm === undefined || nonce === undefined) return fail('malformed');
  if (uri === undefined || response === undefined) return fail('malformed');
  // RFC 7616 §3.3: MD5 when absent.
  const algorithm = named === undefined ? 'MD5' : digestAlgorithm(named);
  if (!algorithm) return fail('unsupported-algorithm');
  if (response !== '' && !isHexOf(response, hexLengthOf(algorithm))) return fail('malformed');
  const qop = readQop(values[QOP], values[NC], values[CNONCE]);
  if (typeof qop === 'string') return fail(qop);
  if (!qop && isSession(algorithm)) return fail('malformed');
  return ok({ username, realm, nonce, uri, response: response.toLowerCase(), algorithm, qop, opaque: values[OPAQUE] });
}

function readQop(
  qop: string | undefined,
  nc: string | undefined,
  cnonce: string | undefined,
): DigestQop | 'malformed' | 'unsupported-qop' | undefined {
  if (qop === undefined) return undefined;
  if (qop !== 'auth' && qop.toLowerCase() !== 'auth') return 'unsupported-qop';
  if (nc === undefined || cnonce === undefined || !isHexOf(nc, 8)) return 'malformed';
  return { nc, nonceCount: Number.parseInt(nc, 16), cnonce };
}

function isHexOf(text: string, length: number): boolean {
  return text.length === length && isHex(text);
}

/** Places of the values in `Fields`. */
const USERNAME = 0;
const REALM = 1;
const NONCE = 2;
const URI = 3;
const RESPONSE = 4;
const ALGORITHM = 5;
const QOP = 6;
const NC = 7;
const CNONCE = 8;
const OPAQUE = 9;

interface Known {
  readonly name: string;
  readonly place: number;
}

/** Names with a meaning, by their length: so few of each that one is found by looking at them. */
const KNOWN: readonly (readonly Known[])[] = [
  [],
  [],
  [{ name: 'nc', place: NC }],
  [
    { name: 'uri', place: URI },
    { name: 'qop', place: QOP },
  ],
  [],
  [
    { name: 'realm', place: REALM },
    { name: 'nonce', place: NONCE },
  ],
  [
    { name: 'cnonce', place: CNONCE },
    { name: 'opaque', place: OPAQUE },
  ],
  [],
  [
    { name: 'username', place: USERNAME },
    { name: 'response', place: RESPONSE },
  ],
  [{ name: 'algorithm', place: ALGORITHM }],
];

/** Values without their quotes. They are read as `parseAuthFields` reads any scheme's, in one pass: a registrar reads one such field for each refresh. */
class Fields {
  readonly values: (string | undefined)[] = [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ];
  /** Lower-case names of the others, which nobody may repeat either. */
  #others: Set<string> | undefined;

  /** Reads the parameters from `start` on; false when they are no list, or one comes twice. */
  read(text: string, start: number): boolean {
    for (let at = skipToItem(text, start); at < text.length; at = skipToItem(text, at)) {
      const equals = text.indexOf('=', at);
      const from = skipBlanks(text, equals + 1);
      const end = text.charCodeAt(from) === QUOTE ? endOfQuoted(text, from) : endOfBare(text, from);
      if (equals < 0 || end < 0) return false;
      if (!this.#add(text, at, endWithoutBlanks(text, at, equals), valueOf(text, from, end))) return false;
      at = skipBlanks(text, end);
      if (at < text.length && text.charCodeAt(at) !== COMMA) return false;
    }
    return true;
  }

  #add(text: string, start: number, end: number, value: string | undefined): boolean {
    if (value === undefined) return false;
    for (const { name, place } of KNOWN[end - start] ?? []) {
      if (startsWithName(text, start, end, name)) return this.#addKnown(place, value);
    }
    return this.#addOther(text.slice(start, end).toLowerCase());
  }

  #addKnown(place: number, value: string): boolean {
    if (this.values[place] !== undefined) return false;
    this.values[place] = value;
    return true;
  }

  #addOther(name: string): boolean {
    this.#others ??= new Set();
    if (!isToken(name) || this.#others.has(name)) return false;
    this.#others.add(name);
    return true;
  }
}

/** Whether the part of the text is this name in lower-case letters, in whatever case. */
function startsWithName(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if ((text.charCodeAt(start + i) | SMALL) !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** The value between two offsets; `undefined` when it is neither empty, quoted nor bare. An unquoted empty one is what IMS clients send at first. */
function valueOf(text: string, start: number, end: number): string | undefined {
  if (start === end) return '';
  if (text.charCodeAt(start) !== QUOTE) {
    const bare = text.slice(start, end);
    return isBareValue(bare) ? bare : undefined;
  }
  const content = text.slice(start + 1, end - 1);
  return content.includes('\\') ? unquote(text.slice(start, end)) : content;
}

/** Offset behind the quote that closes the text begun at `start`, or -1. */
function endOfQuoted(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return -1;
}

function endOfBare(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  return endWithoutBlanks(text, start, comma < 0 ? text.length : comma);
}

function endOfScheme(text: string): number {
  for (let i = 0; i < text.length; i++) if (isBlank(text.charCodeAt(i))) return i;
  return text.length;
}

function endWithoutBlanks(text: string, start: number, end: number): number {
  let to = end;
  while (to > start && isBlank(text.charCodeAt(to - 1))) to--;
  return to;
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Skips blanks and the commas of empty items. */
function skipToItem(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code === SPACE || code === TAB || code === COMMA; code = text.charCodeAt(at))
    at++;
  return at;
}
