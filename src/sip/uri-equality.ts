import { type SipUri } from './uri.ts';

/** Parameters that make a difference even when one of the URIs leaves them out (RFC 3261 §19.1.4). */
const NEVER_IGNORED = ['transport', 'user', 'ttl', 'method', 'maddr'];

/** The comparison of RFC 3261 §19.1.4. Symmetric but not transitive, so it cannot be made a map key. */
export function sameSipUri(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    sameText(a.user, b.user) &&
    sameText(a.password, b.password) &&
    a.host === b.host &&
    a.port === b.port &&
    sameParams(a.params, b.params) &&
    sameHeaders(a.headers, b.headers)
  );
}

/**
 * A text that is the same for two URIs which differ in nothing but case, escapes and the order of parameters: a key for maps. URIs that
 * `sameSipUri` finds equal though only one of them has some parameter have different keys.
 */
export function sipUriKey(uri: SipUri): string {
  const user = uri.user === undefined ? '' : `${normalize(uri.user)}@`;
  const password = uri.password === undefined ? '' : `:${normalize(uri.password)}`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const params = [...uri.params].map(([name, value]) =>
    value === undefined ? `;${name}` : `;${name}=${normalize(value).toLowerCase()}`,
  );
  const headers = uri.headers === undefined ? '' : `?${sortedHeaders(uri.headers)}`;
  return `${uri.scheme}:${user}${password}${uri.host}${port}${params.sort().join('')}${headers}`;
}

function sameParams(a: SipUri['params'], b: SipUri['params']): boolean {
  if (NEVER_IGNORED.some((name) => a.has(name) !== b.has(name))) return false;
  for (const [name, value] of a) {
    if (b.has(name) && !sameIgnoringCase(value, b.get(name))) return false;
  }
  return true;
}

/** Never ignored, in any order. A name may come twice, so they compare as sorted lists. */
function sameHeaders(a: string | undefined, b: string | undefined): boolean {
  return (a === undefined) === (b === undefined) && sortedHeaders(a) === sortedHeaders(b);
}

function sortedHeaders(headers = ''): string {
  const normal = headers.split('&').map((header) => {
    const equals = header.indexOf('=');
    return `${normalize(header.slice(0, equals)).toLowerCase()}=${normalize(header.slice(equals + 1))}`;
  });
  return normal.sort().join('&');
}

function sameText(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && normalize(a) === normalize(b));
}

function sameIgnoringCase(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && normalize(a).toLowerCase() === normalize(b).toLowerCase());
}

/** An escape equals its character unless that is a reserved one; escapes that stay compare without case. */
function normalize(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w\-.!~*'()]/.test(character) ? character : escape.toUpperCase();
  });
}
