import { TextMemo } from '../base/text-memo.ts';
import { isToken, trimBlanks } from './character-class.ts';
import { splitList } from './list.ts';
import { parseParamValue } from './params.ts';

const DIGEST = /^digest[ \t]/i;

/** Scheme and parameters of an Authorization, WWW-Authenticate or Proxy- field (`auth-param` of RFC 3261 §25.1). */
export interface AuthFields {
  /** Lower case: `digest`, `bearer`. */
  readonly scheme: string;
  /** What follows the scheme, as written: a Bearer token that is no parameter list. */
  readonly rest: string;
  /** Lower-case name → value without quotes; `undefined` when `rest` is no parameter list or repeats a name. */
  readonly params: ReadonlyMap<string, string> | undefined;
}

/** Reads the value of such a field; `undefined` when it does not begin with a scheme. */
export function parseAuthFields(text: string): AuthFields | undefined {
  const blank = text.search(/[ \t]/);
  const scheme = blank < 0 ? text : text.slice(0, blank);
  const rest = blank < 0 ? '' : trimBlanks(text, blank);
  return isToken(scheme) ? { scheme: scheme.toLowerCase(), rest, params: parseAuthParams(rest) } : undefined;
}

/** Credentials in front of a core outside are looked at by five rooms, the last one when the answer has come. */
const MEMO_CAPACITY = 256;
const MAX_LENGTH = 512;
const memo = new TextMemo(MEMO_CAPACITY, (text) => parseAuthFields(text) ?? null, MAX_LENGTH);

/** The same for what is read several times while a request is on its way. A token is not kept for that. */
export function readAuthFields(text: string): AuthFields | undefined {
  return DIGEST.test(text) ? (memo.get(text) ?? undefined) : parseAuthFields(text);
}

function parseAuthParams(text: string): Map<string, string> | undefined {
  const params = new Map<string, string>();
  for (const item of splitList(text)) {
    const equals = item.indexOf('=');
    const name = trimBlanks(item, 0, Math.max(0, equals)).toLowerCase();
    const valueText = trimBlanks(item, equals + 1);
    // An unquoted empty value is what IMS clients send in their first REGISTER.
    const value = valueText === '' ? '' : parseParamValue(valueText);
    if (!isToken(name) || value === undefined || params.has(name)) return undefined;
    params.set(name, value);
  }
  return params;
}
