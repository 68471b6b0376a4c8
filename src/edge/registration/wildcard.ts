import { ownText } from '../../base/own-text.ts';
import { parseSipUri, unescapeText } from '../../sip/uri.ts';
import { compileExtendedRegex, type Matcher } from './extended-regex.ts';
import { globalNumberOf, plainNumber } from './telephone-number.ts';

/** Beyond it a wildcard, or what is compared with one, is nobody's: telephone numbers and user names are shorter. */
const MAX_LENGTH = 256;

/** Whether the URI is, or may be read as, that of many identities: they have an expression between exclamation marks (TS 23.003 §13.5). */
export function isWildcard(uri: string): boolean {
  return /!|%21/.test(uri);
}

/** The URI by which a client goes, as a wildcard may stand for it. */
export interface Named {
  readonly isTel: boolean;
  /** User part or number, without escapes or visual separators. */
  readonly user: string;
  /** Host of a SIP URI; empty for a number. */
  readonly host: string;
  /** The URI with scheme, user and host only. */
  readonly uri: string;
}

/**
 * The URI as wildcards are compared with it. `undefined` for a URI that no wildcard can stand for: too long, with an exclamation mark, or with
 * parameters in its user part.
 */
export function namedBy(uri: string): Named | undefined {
  if (uri.length > MAX_LENGTH || isWildcard(uri)) return undefined;
  return telOf(uri) ?? sipOf(uri);
}

/**
 * Whether this is one of those that a wildcarded public user identity stands for (TS 23.003 §13.5), such as `sip:chat!.*!@example.com` or
 * `tel:+1555!.*!`.
 */
export function isOneOf(wildcard: string, { isTel, user, host }: Named): boolean {
  const frame = frameOf(wildcard);
  if (frame?.isTel !== isTel || frame.host !== host) return false;
  const { prefix, suffix, matches } = frame;
  const end = user.length - suffix.length;
  if (end < prefix.length || !user.startsWith(prefix) || !user.endsWith(suffix)) return false;
  return matches(user.slice(prefix.length, end));
}

interface Frame {
  readonly isTel: boolean;
  readonly prefix: string;
  readonly matches: Matcher;
  readonly suffix: string;
  readonly host: string;
}

/** Wildcards are read once: most of an operator's are the same for many, and each message of one they are for is compared with them. */
const FRAMES = new Map<string, Frame | undefined>();
const MAX_FRAMES = 64;

function frameOf(wildcard: string): Frame | undefined {
  if (wildcard.length > MAX_LENGTH) return undefined;
  if (FRAMES.has(wildcard)) return FRAMES.get(wildcard);
  const [oldest] = FRAMES.size < MAX_FRAMES ? [] : FRAMES.keys();
  if (oldest !== undefined) FRAMES.delete(oldest);
  const frame = readFrame(wildcard);
  FRAMES.set(ownText(wildcard), frame);
  return frame;
}

/** The expression stands between the first and the last exclamation mark, in the user part or number. */
function readFrame(wildcard: string): Frame | undefined {
  const [, scheme, before = '', expression = '', after = ''] =
    /^(sips?|tel):([^!]*)!(.+)!([^!]*)$/i.exec(wildcard) ?? [];
  const matches = scheme === undefined ? undefined : compileExtendedRegex(unescapeText(expression));
  if (scheme === undefined || !matches) return undefined;
  if (/^tel$/i.test(scheme)) {
    const [suffix = ''] = after.split(';', 1);
    return { isTel: true, prefix: plainNumber(before), matches, suffix: plainNumber(suffix), host: '' };
  }
  const rest = sipOf(`sip:x${after}`);
  if (!rest) return undefined;
  return { isTel: false, prefix: unescapeText(before), matches, suffix: rest.user.slice(1), host: rest.host };
}

/** An escaped semicolon is one of the user (RFC 3261 §19.1.4), and whoever reads on may take it for the other. */
function sipOf(text: string): Named | undefined {
  const uri = parseSipUri(text);
  if (!uri.ok || uri.value.user === undefined) return undefined;
  const { user: written, host } = uri.value;
  const user = unescapeText(written);
  return user.includes(';') ? undefined : { isTel: false, user, host, uri: `sip:${written}@${host}` };
}

/** A global number: a local one means nothing without its context. */
function telOf(text: string): Named | undefined {
  const global = globalNumberOf(text);
  if (!global || global.host !== undefined) return undefined;
  return { isTel: true, user: global.number.slice('tel:'.length), host: '', uri: global.number };
}
