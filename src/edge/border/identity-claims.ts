import { splitList } from '../../sip/list.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { uriSpan } from '../../sip/name-addr.ts';
import { withoutParams } from '../../sip/param-filter.ts';

/**
 * What a network says of a caller within its URI: category and originating line (`cpc`, `oli`, which gateways call `isup-oli` as well),
 * whether the number was verified (`verstat`), between which networks the call is (`iotl`, RFC 7549), and what databases of ported numbers and carriers
 * have made of the number (RFC 4694; `tsp` of RFC 2806; `npi`, the numbering plan). Subaddresses, extensions and contexts of a number (RFC 3966, RFC 4715)
 * are the user's own and stay.
 */
const CLAIMS: ReadonlySet<string> = new Set([
  ...['cpc', 'oli', 'isup-oli', 'verstat', 'iotl'],
  ...['rn', 'rn-context', 'npdi', 'cic', 'cic-context', 'tsp', 'npi'],
]);
const NAMES = `(?<![\\w-])(?:${[...CLAIMS].join('|')})\\b`;
const NAME = new RegExp(NAMES, 'i');
/** Finds a text that may hold one of these parameters. Names can be escaped. */
const CLAIM = new RegExp(`${NAMES}|%`, 'i');
const ESCAPE = /%([\da-f]{2})/gi;
const PORT = /:\d+(?:[ \t;>?]|$)/;
const HOST_WITH_PORT = /^(@?(?:\[[^\]]*\]|[^:;[\]]*)):\d*/;

/**
 * One value of From, To or Contact without what only the trust domain may say in it (TS 24.229 §4.4): from the URI, also from a telephone number in
 * its user part, and from the field itself, where readers differ on whose a parameter without brackets is. All else, tags above all, stays byte for
 * byte. `undefined` when it cannot be read and may still have such a parameter.
 */
export function withoutClaims(value: string): string | undefined {
  return CLAIM.test(value) ? rewritten(value, uriWithoutClaims) : value;
}

/**
 * Cleans a URI that says who the client is, and takes its port off too: an identity has none, and with one it would be another than the one that is asserted
 * (RFC 3261 §19.1.4).
 */
export function withoutClaimsOrPort(value: string): string | undefined {
  return CLAIM.test(value) || PORT.test(value) ? rewritten(value, (uri) => withoutPort(uriWithoutClaims(uri))) : value;
}

/** Takes claims off each value of a list field. A value that cannot be read is removed. */
export function dropClaims(headers: SipHeaders, name: string): void {
  const lines = headers.getAll(name);
  if (!lines.some((line) => CLAIM.test(line))) return;
  const cleaned = lines.map(cleanedLine);
  if (cleaned.every((line, index) => line === lines[index])) return;
  const [first, ...more] = cleaned.filter((line) => line !== '');
  if (first === undefined) headers.remove(name);
  else headers.set(name, [first, ...more].join(', '));
}

function cleanedLine(line: string): string {
  const values = splitList(line);
  const cleaned = values.map(withoutClaims);
  if (cleaned.every((value, index) => value === values[index])) return line;
  return cleaned.filter((value) => value !== undefined).join(', ');
}

function rewritten(value: string, change: (uri: string) => string): string | undefined {
  const span = uriSpan(value);
  if (!span) return unreadable(value);
  const { start, end } = span;
  return value.slice(0, start) + change(value.slice(start, end)) + withoutParams(value.slice(end), CLAIMS);
}

/** The core may make something of it all the same, and is to refuse it otherwise. */
function unreadable(value: string): string | undefined {
  const text = withoutParams(value, CLAIMS);
  const plain = text.replace(ESCAPE, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return NAME.test(plain) ? undefined : text;
}

function uriWithoutClaims(uri: string): string {
  const { user, host, headers } = partsOf(uri);
  return withoutParams(user, CLAIMS) + withoutParams(host, CLAIMS) + headers;
}

function withoutPort(uri: string): string {
  const { user, host, headers } = partsOf(uri);
  return user + host.replace(HOST_WITH_PORT, '$1') + headers;
}

/** `user`: with the scheme; `host`: from `@` on, with port and parameters; of a URI other than SIP all of it is `user`. */
function partsOf(uri: string): { readonly user: string; readonly host: string; readonly headers: string } {
  const scheme = /^sips?:/i.exec(uri)?.[0];
  if (scheme === undefined) return { user: uri, host: '', headers: '' };
  const at = uri.lastIndexOf('@');
  const hostStart = at < 0 ? scheme.length : at;
  const questionMark = uri.indexOf('?', hostStart);
  const hostEnd = questionMark < 0 ? uri.length : questionMark;
  return { user: uri.slice(0, hostStart), host: uri.slice(hostStart, hostEnd), headers: uri.slice(hostEnd) };
}
