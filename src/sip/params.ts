import { fail, ok, type Result } from '../base/result.ts';
import { isBlank, isToken, trimBlanks } from './character-class.ts';

/** Header parameters (`generic-param` of RFC 3261 §25.1): lower-case name → value without its quotes, `undefined` for a bare name. */
export type Params = Map<string, string | undefined>;
export type ReadonlyParams = ReadonlyMap<string, string | undefined>;

const NONE: Result<ReadonlyParams, never> = ok(new Map());
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;

/**
 * Parses `;name=value;flag` from `start` to the end of the text. A name that comes twice is malformed (RFC 3261 §7.3.1), as two
 * readers could each believe another of the two.
 */
export function parseParams(text: string, start = 0): Result<ReadonlyParams, 'malformed'> {
  let at = skipBlanks(text, start);
  if (at >= text.length) return NONE;
  const params: Params = new Map();
  while (at < text.length) {
    if (text.charCodeAt(at) !== SEMICOLON) return fail('malformed');
    const end = endOfParam(text, at + 1);
    if (!addParam(params, trimBlanks(text, at + 1, end))) return fail('malformed');
    at = end;
  }
  return ok(params);
}

/** The parameters of a list that `parseParams` has read, each as written, without its `;`. */
export function splitParams(text: string): string[] {
  const params: string[] = [];
  for (let at = text.indexOf(';'); at >= 0 && at < text.length;) {
    const end = endOfParam(text, at + 1);
    params.push(trimBlanks(text, at + 1, end));
    at = end;
  }
  return params;
}

/** Lower-case name of one parameter as `splitParams` gives it. */
export function nameOfParam(text: string): string {
  const equals = text.indexOf('=');
  return (equals < 0 ? text : trimBlanks(text, 0, equals)).toLowerCase();
}

function addParam(params: Params, text: string): boolean {
  const equals = text.indexOf('=');
  const name = nameOfParam(text);
  if (!isToken(name) || params.has(name)) return false;
  const value = equals < 0 ? undefined : parseParamValue(trimBlanks(text, equals + 1));
  if (equals >= 0 && value === undefined) return false;
  params.set(name, value);
  return true;
}

/** Index of the semicolon that ends a parameter, or the length of the text. */
export function endOfParam(text: string, start: number): number {
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted && code === BACKSLASH) i++;
    else if (code === QUOTE) quoted = !quoted;
    else if (code === SEMICOLON && !quoted) return i;
  }
  return text.length;
}

/** Content of a whole quoted-string, or the text itself when it is a token or host; `undefined` when it is neither. */
export function parseParamValue(text: string): string | undefined {
  if (text.charCodeAt(0) === QUOTE) return unquote(text);
  return isBareValue(text) ? text : undefined;
}

/** A value that stands without quotes: visible, and none of the characters that end or split values. */
export function isBareValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code === QUOTE || code === 0x2c || code === 0x3c || code === 0x3e)
      return false;
  }
  return text !== '';
}

/** Content of a quoted-string with its escapes resolved (RFC 3261 §25.1), or `undefined` when the text is not exactly one. */
export function unquote(text: string): string | undefined {
  const last = text.length - 1;
  if (last < 1 || text.charCodeAt(0) !== QUOTE || text.charCodeAt(last) !== QUOTE) return undefined;
  let value = '';
  let from = 1;
  for (let i = 1; i < last; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return undefined;
    if (code !== BACKSLASH) continue;
    if (i + 1 === last) return undefined;
    value += text.slice(from, i);
    from = i + 1;
    i++;
  }
  return value + text.slice(from, last);
}

/** `text` as a quoted-string. */
export function quote(text: string): string {
  return text.includes('"') || text.includes('\\') ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** A parameter value as it goes on the wire: quoted unless it is a token or an address. */
function formatParamValue(value: string): string {
  return isToken(value) || isAddress(value) ? value : quote(value);
}

/** `;name=value` for each parameter, in order. */
export function formatParams(params: ReadonlyMap<string, string | undefined>): string {
  let text = '';
  for (const [name, value] of params) text += value === undefined ? `;${name}` : `;${name}=${formatParamValue(value)}`;
  return text;
}

/** `received=` and `maddr=` carry IPv6 addresses, bare or in brackets, which are no tokens yet stand unquoted. */
function isAddress(value: string): boolean {
  return value.includes(':') && /^\[?[0-9A-Fa-f:.]+\]?$/.test(value);
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}
