type Values = string | readonly string[] | null | undefined;

/** Where header fields come from: a response of JsSIP or SIP.js, a getter, pairs of name and value, or `Headers`. */
export type HeaderSource =
  | { getHeaders(name: string): readonly string[] }
  | ((name: string) => Values)
  | Iterable<readonly [string, string]>
  | { get(name: string): Values };

export type ReceivedTurnCredential =
  | {
      readonly kind: 'credential';
      readonly username: string;
      readonly password: string;
      /** Absolute UNIX seconds. */
      readonly expiresAtSec: number;
      /** TURN URIs (RFC 7065). */
      readonly uris: string[];
      /** u; unknown when only the separate fields came. */
      readonly name: string | undefined;
      /** Seconds left, for clients whose clock is wrong. */
      readonly ttlSec: number | undefined;
      readonly realm: string | undefined;
      /** The access token (RFC 7635) in base64, when `oauth` was asked for: then `username` is its kid, and `password` its session key in base64. */
      readonly token: string | undefined;
    }
  | { readonly kind: 'error'; readonly error: string; readonly retryAfterSec: number | undefined }
  | { readonly kind: 'malformed' };

/** Name, then the content of a quoted-string or a bare value (RFC 3261 §25.1, `generic-param`). */
const PARAM = /\s*([^\s=;"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))\s*)?(?:;|$)/gy;

function valuesOf(source: HeaderSource, name: string): Values {
  if (typeof source === 'function') return source(name);
  if ('getHeaders' in source) return source.getHeaders(name);
  if (!(Symbol.iterator in source)) return source.get(name);
  return [...source].flatMap(([key, value]) => (key.toLowerCase() === name.toLowerCase() ? value : []));
}

/** Every value of that name. */
export function headerValues(source: HeaderSource, name: string): readonly string[] {
  return [valuesOf(source, name) ?? []].flat();
}

function parseParams(text: string): Map<string, string | undefined> | undefined {
  const params = new Map<string, string | undefined>();
  let end = 0;
  for (const [whole, name = '', quoted, bare] of text.matchAll(PARAM)) {
    const key = name.toLowerCase();
    if (params.has(key)) return undefined;
    params.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare);
    end += whole.length;
  }
  return end === text.length ? params : undefined;
}

function toNumber(text: string | undefined): number | undefined {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined;
}

/**
 * What a response says about a TURN credential (TS 33.203 Annex X.5): `credential`, `error` with the edge's reason, or `malformed`;
 * `undefined` when it says nothing. Never throws for what the fields hold.
 *
 * @example
 * const received = parseTurnCredential([['TURN-Cred-Rsp', 'error=quota;retry-after=30']]);
 * // { kind: 'error', error: 'quota', retryAfterSec: 30 }
 */
export function parseTurnCredential(source: HeaderSource): ReceivedTurnCredential | undefined {
  const field = (name: string): string[] =>
    headerValues(source, `TURN-${name}`).map((value) => value.replace(/^"(.*)"$/, '$1'));
  const combined = ['Cred-Rsp', 'Cred-Rsp-Hdr'].flatMap(field)[0];
  const params = combined === undefined ? undefined : parseParams(combined);
  const get = (name: string, separate?: string): string | undefined =>
    combined === undefined ? separate && field(separate)[0] : params?.get(name);

  const error = get('error');
  if (error) return { kind: 'error', error, retryAfterSec: toNumber(get('retry-after')) };
  const name = get('name');
  const lifetime = get('lifetime', 'Lifetime');
  const username = get('username', 'Username') ?? (name && lifetime && `${lifetime}:${name}`);
  const password = get('pwd', 'Password');
  const expiresAtSec = toNumber(lifetime);
  if ((combined ?? username ?? password ?? lifetime) === undefined) return undefined;
  if (!username || !password || expiresAtSec === undefined) return { kind: 'malformed' };
  return {
    kind: 'credential',
    username,
    password,
    expiresAtSec,
    // `Headers` joins fields of one name by commas, which no TURN URI has (RFC 7065 §3.1).
    uris: (get('uris') ?? field('URI').join(' ')).match(/[^\s,]+/g) ?? [],
    name,
    ttlSec: toNumber(get('ttl')),
    realm: get('realm', 'Realm'),
    token: get('token', 'Token'),
  };
}
