import { nameOfParam, splitParams } from '../../sip/params.ts';
import { parseSipUri, unescapeText } from '../../sip/uri.ts';

const VISUAL_SEPARATORS = /[-.()]/g;
const GLOBAL = /^tel:\+\d+$/;

/** A telephone number without visual separators. */
export function plainNumber(text: string): string {
  return text.replace(VISUAL_SEPARATORS, '');
}

/**
 * By which two `tel` URIs are one number: a local number is another in each context (RFC 3966 §4, §5.1.5), and one with a context that it has no use for is
 * none of those without. `undefined` for another scheme.
 */
export function telKey(uri: string): string | undefined {
  if (!/^tel:/i.test(uri)) return undefined;
  const semicolon = uri.indexOf(';');
  if (semicolon < 0) return `tel:${plainNumber(uri.slice(4)).toLowerCase()}`;
  return `tel:${plainNumber(uri.slice(4, semicolon)).toLowerCase()}${contextsIn(uri.slice(semicolon))}`;
}

/** A global number that a URI is of, as its `telKey`; `host`: of a SIP URI, which is that of a number with `user=phone` (RFC 3261 §19.1.6). */
export interface GlobalNumber {
  readonly number: string;
  readonly host?: string;
}

export function globalNumberOf(text: string): GlobalNumber | undefined {
  const number = telKey(text);
  if (number !== undefined) return GLOBAL.test(number) ? { number } : undefined;
  const uri = text.includes('user=') ? parseSipUri(text) : undefined;
  if (!uri?.ok || uri.value.params.get('user')?.toLowerCase() !== 'phone') return undefined;
  const inUser = numberInUser(uri.value.user ?? '');
  return inUser === undefined ? undefined : { number: inUser, host: uri.value.host };
}

/** An escaped semicolon is part of the user, and begins no parameter of a number (RFC 3261 §19.1.4). */
function numberInUser(user: string): string | undefined {
  const [escaped = ''] = user.split(';', 1);
  const digits = unescapeText(escaped);
  const number = digits.includes(';') ? undefined : telKey(`tel:${digits}${user.slice(escaped.length)}`);
  return number !== undefined && GLOBAL.test(number) ? number : undefined;
}

/** Names can be escaped, and are the same without regard to case, as are values (RFC 3966 §4). */
function contextsIn(params: string): string {
  const contexts = splitParams(params).filter((param) => unescapeText(nameOfParam(param)) === 'phone-context');
  return contexts.map((param) => `;${contextOf(param.slice(param.indexOf('=') + 1))}`).join('');
}

function contextOf(text: string): string {
  const context = unescapeText(text).trim().toLowerCase();
  return context.startsWith('+') ? plainNumber(context) : context;
}
