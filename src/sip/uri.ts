import { type Mutable } from '../base/mutable.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { TextMemo } from '../base/text-memo.ts';
import { isUriHeaderText, isUriParamText, isUriText, isUserInfo } from './character-class.ts';
import { formatHostPort, parseHostPort } from './host-port.ts';

/** A SIP or SIPS URI (RFC 3261 §19.1). Escapes stay as they were written; see `addressOfRecord` and `sameSipUri` for comparing. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user?: string;
  readonly password?: string;
  /** The host in lower case. An IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port?: number;
  /** Lower-case name → value as written, `undefined` for a bare name such as `lr`. */
  readonly params: ReadonlyMap<string, string | undefined>;
  /** What follows `?`, as written. */
  readonly headers?: string;
}

/** A message names a handful of URIs, and each of them several times: larger memos measured no faster, with 2,000 connections either. */
const MEMO_CAPACITY = 256;

export type SipUriError = 'unsupported-scheme' | 'malformed';

/** `unsupported-scheme` (a 416 for a Request-URI) is another well-formed scheme, such as `tel:`. */
export function parseSipUri(text: string): Result<SipUri, SipUriError> {
  return memo.get(text);
}

const memo = new TextMemo(MEMO_CAPACITY, readSipUri);

function readSipUri(text: string): Result<SipUri, SipUriError> {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(0, colon)).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') {
    return fail(
      /^[a-z][a-z0-9+.-]*$/.test(scheme) && isUriText(text.slice(colon + 1)) ? 'unsupported-scheme' : 'malformed',
    );
  }
  // A user part may hold `;` and `?`, and nothing after it may hold `@`.
  const at = text.lastIndexOf('@');
  const rest = at < 0 ? text.slice(colon + 1) : text.slice(at + 1);
  const questionMark = rest.indexOf('?');
  const beforeHeaders = questionMark < 0 ? rest : rest.slice(0, questionMark);
  const semicolon = beforeHeaders.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon));
  const params = semicolon < 0 ? new Map<string, string>() : parseUriParams(beforeHeaders.slice(semicolon + 1));
  if (!hostPort || !params) return fail('malformed');
  const uri: Mutable<SipUri> = { scheme, host: hostPort.host, params };
  if (hostPort.port !== undefined) uri.port = hostPort.port;
  if (at >= 0 && !addUserInfo(uri, text.slice(colon + 1, at))) return fail('malformed');
  if (questionMark >= 0) {
    uri.headers = rest.slice(questionMark + 1);
    if (!areUriHeaders(uri.headers)) return fail('malformed');
  }
  return ok(uri);
}

function addUserInfo(uri: Mutable<SipUri>, text: string): boolean {
  const colon = text.indexOf(':');
  uri.user = colon < 0 ? text : text.slice(0, colon);
  if (!isUserInfo(uri.user)) return false;
  if (colon < 0) return true;
  uri.password = text.slice(colon + 1);
  return uri.password === '' || isUserInfo(uri.password);
}

function parseUriParams(list: string): Map<string, string | undefined> | undefined {
  const params = new Map<string, string | undefined>();
  for (const text of list.split(';')) {
    const equals = text.indexOf('=');
    const name = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? undefined : text.slice(equals + 1);
    if (!isUriParamText(name) || params.has(name) || (value !== undefined && !isUriParamText(value))) return undefined;
    params.set(name, value);
  }
  return params;
}

function areUriHeaders(text: string): boolean {
  return text.split('&').every((header) => {
    const equals = header.indexOf('=');
    const value = header.slice(equals + 1);
    return isUriHeaderText(header.slice(0, Math.max(0, equals))) && (value === '' || isUriHeaderText(value));
  });
}

/**
 * The canonical address-of-record of RFC 3261 §10.3 step 5: parameters and headers gone, escapes resolved. A key for maps; not a URI that
 * may be sent, since resolved escapes can be characters that a URI may not hold.
 */
export function addressOfRecord(uri: SipUri): string {
  const user = uri.user === undefined ? '' : `${unescapeText(uri.user)}@`;
  return `${uri.scheme}:${user}${formatHostPort(uri)}`;
}

/** Resolves `%HH` escapes as UTF-8; text whose escapes are no UTF-8 stays as it is. */
export function unescapeText(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
