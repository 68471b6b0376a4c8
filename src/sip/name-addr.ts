import { fail, ok, type Result } from '../base/result.ts';
import { TextMemo } from '../base/text-memo.ts';
import { trimBlanks } from './character-class.ts';
import { formatParams, parseParams, quote, unquote, type ReadonlyParams } from './params.ts';

/** `name-addr` or `addr-spec` with header parameters, as in From, To, Contact, Route (RFC 3261 §20.10). */
export interface NameAddr {
  /** Without quotes, escapes resolved. */
  readonly displayName?: string;
  /** URI as written, of any scheme. */
  readonly uri: string;
  readonly params: ReadonlyParams;
}

const QUOTE = 0x22;

/** One value: split lists with `SipHeaders.getList` first. Without brackets, what follows `;` belongs to the header (RFC 3261 §20). */
export function parseNameAddr(text: string): Result<NameAddr, 'malformed'> {
  return memo.get(text);
}

/** Addresses that are read once: From, To and Contact of a message. */
const memo = new TextMemo(256, readNameAddr);

function readNameAddr(text: string): Result<NameAddr, 'malformed'> {
  const value = trimBlanks(text);
  const open = openingBracket(value);
  return open < 0 ? parseAddrSpec(value) : parseBracketed(value, open);
}

/** The header parameters of a value that `parseNameAddr` has read, as written: empty, or from the first `;` on. */
export function headerParamsOf(text: string): string {
  const value = trimBlanks(text);
  const open = openingBracket(value);
  const start = open < 0 ? value.indexOf(';') : value.indexOf('>', open) + 1;
  return start < 0 ? '' : value.slice(start);
}

/** Where the URI of a value stands in its text; `undefined` where `parseNameAddr` cannot read it. */
export function uriSpan(value: string): { readonly start: number; readonly end: number } | undefined {
  if (!parseNameAddr(value).ok) return undefined;
  const open = openingBracket(value);
  if (open >= 0) return { start: open + 1, end: value.indexOf('>', open) };
  const semicolon = value.indexOf(';');
  return { start: 0, end: semicolon < 0 ? value.length : semicolon };
}

/** Where the bracketed URI begins, or -1. Words of a display name hold no `;` and no `"`: what follows one belongs to a parameter. */
function openingBracket(value: string): number {
  if (value.charCodeAt(0) === QUOTE) return value.indexOf('<', endOfQuoted(value));
  const first = value.search(/[<;"]/);
  return value.charAt(first) === '<' ? first : -1;
}

function parseBracketed(value: string, open: number): Result<NameAddr, 'malformed'> {
  const close = value.indexOf('>', open);
  const displayName = parseDisplayName(trimBlanks(value, 0, open));
  const uri = trimBlanks(value, open + 1, Math.max(open + 1, close));
  if (close < 0 || displayName === undefined || !looksLikeUri(uri)) return fail('malformed');
  const params = parseParams(value, close + 1);
  if (!params.ok) return params;
  return ok(displayName === '' ? { uri, params: params.value } : { displayName, uri, params: params.value });
}

function parseAddrSpec(value: string): Result<NameAddr, 'malformed'> {
  const semicolon = value.indexOf(';');
  const uri = semicolon < 0 ? value : trimBlanks(value, 0, semicolon);
  // RFC 3261 §20.10: a URI with a comma or question mark must stand in brackets.
  if (!looksLikeUri(uri) || uri.includes(',') || uri.includes('?')) return fail('malformed');
  const params = parseParams(value, uri.length === value.length ? value.length : semicolon);
  return params.ok ? ok({ uri, params: params.value }) : params;
}

/** Words or one quoted-string. Words are taken as they are: the field does not keep them to tokens. */
function parseDisplayName(text: string): string | undefined {
  if (text.charCodeAt(0) === QUOTE) return unquote(text);
  return /["<>;,\\]/.test(text) ? undefined : text;
}

function looksLikeUri(text: string): boolean {
  return text.indexOf(':') > 0 && !hasBlankOrControl(text) && !/[<>"]/.test(text);
}

function hasBlankOrControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** Index after the quoted-string at the start of the text; its length when the quote is never closed. */
function endOfQuoted(text: string): number {
  for (let i = 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === QUOTE) return i + 1;
  }
  return text.length;
}

/** Always in brackets, so that parameters of the URI and of the header cannot be mistaken. */
export function formatNameAddr(nameAddr: {
  readonly displayName?: string;
  readonly uri: string;
  readonly params?: ReadonlyMap<string, string | undefined>;
}): string {
  const name = nameAddr.displayName === undefined ? '' : `${quote(nameAddr.displayName)} `;
  return `${name}<${nameAddr.uri}>${nameAddr.params ? formatParams(nameAddr.params) : ''}`;
}
