import { parseDecimal } from '../../src/sip/character-class.ts';
import { parseParams, unquote, type ReadonlyParams } from '../../src/sip/params.ts';

/*
 * Reads the TURN credential of an answer with the SIP codec of the edge, strictly. The reader of `epcscf-turn/wic` shares no code with it, and is
 * held against it.
 */

const MAX_SEC = 0xffff_ffff;

/** Where a client reads header fields from: `SipHeaders`, or a few lines around a response of JsSIP or SIP.js. */
export interface HeaderReader {
  getAll(name: string): readonly string[];
}

export type ReceivedCredential =
  | {
      readonly kind: 'credential';
      readonly username: string;
      readonly password: string;
      /** Absolute UNIX seconds. */
      readonly expiresAtSec: number;
      readonly uris: readonly string[];
      /** u; unknown when only the separate fields came. */
      readonly name?: string;
      readonly ttlSec?: number;
      readonly realm?: string;
      readonly kid?: string;
      readonly token?: string;
    }
  /** `error` is as received: one of `ISSUE_FAILURES`, or a later addition. */
  | { readonly kind: 'error'; readonly error: string; readonly retryAfterSec?: number }
  | { readonly kind: 'malformed' };

/** The client's side: what a response says, from the combined field or else the separate ones; `undefined` when it says nothing. */
export function parseTurnCredential(headers: HeaderReader): ReceivedCredential | undefined {
  const [combined] = [...headers.getAll('TURN-Cred-Rsp'), ...headers.getAll('TURN-Cred-Rsp-Hdr')];
  if (combined === undefined) return parseSeparate(headers);
  const params = parseParams(`;${combined}`);
  return params.ok ? fromParams(params.value) : { kind: 'malformed' };
}

function fromParams(params: ReadonlyParams): ReceivedCredential {
  const error = params.get('error');
  if (error !== undefined) {
    const retryAfterSec = parseDecimal(params.get('retry-after') ?? '', MAX_SEC);
    return { kind: 'error', error, ...(retryAfterSec !== undefined && { retryAfterSec }) };
  }
  const [name, password, lifetime] = [params.get('name'), params.get('pwd'), params.get('lifetime')];
  const expiresAtSec = parseDecimal(lifetime ?? '', Number.MAX_SAFE_INTEGER);
  if (!name || !password || expiresAtSec === undefined) return { kind: 'malformed' };
  const ttlSec = parseDecimal(params.get('ttl') ?? '', MAX_SEC);
  const [realm, kid, token] = [params.get('realm'), params.get('kid'), params.get('token')];
  return {
    kind: 'credential',
    name,
    username: params.get('username') ?? `${lifetime ?? ''}:${name}`,
    password,
    expiresAtSec,
    uris: (params.get('uris') ?? '').split(' ').filter((uri) => uri !== ''),
    ...(ttlSec !== undefined && { ttlSec }),
    ...(realm !== undefined && { realm }),
    ...(kid !== undefined && { kid }),
    ...(token !== undefined && { token }),
  };
}

function parseSeparate(headers: HeaderReader): ReceivedCredential | undefined {
  const first = (name: string): string | undefined => headers.getAll(name).map(unquoteIfQuoted)[0];
  const [username, password] = [first('TURN-Username'), first('TURN-Password')];
  const lifetime = first('TURN-Lifetime');
  if (username === undefined && password === undefined && lifetime === undefined) return undefined;
  const expiresAtSec = parseDecimal(lifetime ?? '', Number.MAX_SAFE_INTEGER);
  if (!username || !password || expiresAtSec === undefined) return { kind: 'malformed' };
  const [realm, token] = [first('TURN-Realm'), first('TURN-Token')];
  const uris = headers.getAll('TURN-URI').map(unquoteIfQuoted);
  const more = { ...(realm !== undefined && { realm }), ...(token !== undefined && { token }) };
  return { kind: 'credential', username, password, expiresAtSec, uris, ...more };
}

function unquoteIfQuoted(value: string): string {
  return unquote(value) ?? value;
}
