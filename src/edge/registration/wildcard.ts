import { parseSipUri, unescapeText } from '../../sip/uri.ts';
import { compileExtendedRegex } from './extended-regex.ts';

/** Beyond it a wildcard, or what is compared with one, is nobody's: telephone numbers and user names are shorter. */
const MAX_LENGTH = 256;
const VISUAL_SEPARATORS = /[-.()]/g;

/** Whether the URI is, or may be read as, that of many identities: they have an expression between exclamation marks (TS 23.003 §13.5). */
export function isWildcard(uri: string): boolean {
  return /!|%21/.test(uri);
}

/**
 * The URI by which a client goes that is one of those a wildcarded public user identity stands for (TS 23.003 §13.5), such as `sip:chat!.*!@example.com` or
 * `tel:+1555!.*!`: scheme, user and host, and nothing of the client's besides. `undefined` when it is none of them; one with an exclamation mark,
 * or with parameters in its user part, never is.
 */
export function identityOfWildcard(wildcard: string, uri: string): string | undefined {
  if (wildcard.length > MAX_LENGTH || uri.length > MAX_LENGTH || isWildcard(uri)) return undefined;
  const frame = frameOf(wildcard);
  const asked = frame?.isTel ? telOf(uri) : sipOf(uri);
  if (!frame || asked?.host !== frame.host) return undefined;
  const { prefix, suffix, expression } = frame;
  const end = asked.user.length - suffix.length;
  if (end < prefix.length || !asked.user.startsWith(prefix) || !asked.user.endsWith(suffix)) return undefined;
  return compileExtendedRegex(expression)?.(asked.user.slice(prefix.length, end)) ? asked.uri : undefined;
}

interface Named {
  /** Without escapes or visual separators. */
  readonly user: string;
  readonly host: string;
  readonly uri: string;
}

interface Frame {
  readonly isTel: boolean;
  readonly prefix: string;
  readonly expression: string;
  readonly suffix: string;
  readonly host: string;
}

/** The expression stands between the first and the last exclamation mark, in the user part or number. */
function frameOf(wildcard: string): Frame | undefined {
  const [, scheme, before = '', expression = '', after = ''] =
    /^(sips?|tel):([^!]*)!(.+)!([^!]*)$/i.exec(wildcard) ?? [];
  if (scheme === undefined) return undefined;
  const inner = unescapeText(expression);
  if (/^tel$/i.test(scheme)) {
    const [suffix = ''] = after.split(';', 1);
    return { isTel: true, prefix: plainNumber(before), expression: inner, suffix: plainNumber(suffix), host: '' };
  }
  const rest = sipOf(`sip:x${after}`);
  if (!rest) return undefined;
  return { isTel: false, prefix: unescapeText(before), expression: inner, suffix: rest.user.slice(1), host: rest.host };
}

function sipOf(text: string): Named | undefined {
  const uri = parseSipUri(text);
  if (!uri.ok || uri.value.user === undefined || uri.value.user.includes(';')) return undefined;
  const { user, host } = uri.value;
  return { user: unescapeText(user), host, uri: `sip:${user}@${host}` };
}

/** A global number: a local one means nothing without its context. */
function telOf(text: string): Named | undefined {
  const user = plainNumber(/^tel:(\+[\d.()-]+)(?:;|$)/i.exec(text)?.[1] ?? '');
  return user === '' ? undefined : { user, host: '', uri: `tel:${user}` };
}

function plainNumber(text: string): string {
  return text.replace(VISUAL_SEPARATORS, '');
}
