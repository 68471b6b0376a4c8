import { isToken, parseDecimal, trimBlanks } from './character-class.ts';
import { type SipHeaders } from './message.ts';
import { parseParams, quote, unquote, type Params } from './params.ts';

/*
 * The header fields in which a WIC asks for a TURN credential and the eP-CSCF answers (TS 33.203 Annex X.5). No 3GPP text gives them
 * a syntax; it is defined here. This file and what it imports run in browsers too, so that the WIC reads them with the same code.
 */

/** `hdr`: the `-Hdr` names that TR 33.872 draws; whoever asks with them is answered with them. */
export type CredentialSpelling = 'plain' | 'hdr';

const REQUEST_NAMES: Readonly<Record<CredentialSpelling, string>> = {
  plain: 'TURN-Cred-Req',
  hdr: 'TURN-Cred-Req-Hdr',
};
const RESPONSE_NAMES: Readonly<Record<CredentialSpelling, string>> = {
  plain: 'TURN-Cred-Rsp',
  hdr: 'TURN-Cred-Rsp-Hdr',
};
const SEPARATE_NAMES = {
  username: 'TURN-Username',
  password: 'TURN-Password',
  lifetime: 'TURN-Lifetime',
  realm: 'TURN-Realm',
  uri: 'TURN-URI',
} as const;

/** Every field of this family: the edge takes them off what comes from, or goes to, the core. */
export const CREDENTIAL_HEADER_NAMES: readonly string[] = [
  ...Object.values(REQUEST_NAMES),
  ...Object.values(RESPONSE_NAMES),
  ...Object.values(SEPARATE_NAMES),
];

export type CredentialKind = 'turn' | 'oauth';

/** What a client asked for. */
export interface CredentialRequest {
  readonly kind: CredentialKind;
  /** Seconds the credential should live, 1 to 2^32 - 1: a wish. */
  readonly ttlSec?: number;
  readonly spelling: CredentialSpelling;
}

/** A request to be answered with `error=unsupported`, or with 400 where the request is nothing but that (OPTIONS). */
export interface UnusableCredentialRequest {
  readonly kind: 'unsupported' | 'malformed';
  readonly spelling: CredentialSpelling;
}

const MAX_TTL_SEC = 0xffff_ffff;

/**
 * `TURN-Cred-Req = [ cred-kind *( SEMI param ) ]`: empty means `turn`; unknown parameters are ignored. `undefined` when the field is
 * absent; fields that differ, or a ttl that is no positive number, is malformed.
 */
export function parseCredentialRequest(headers: SipHeaders): CredentialRequest | UnusableCredentialRequest | undefined {
  const plain = headers.getAll(REQUEST_NAMES.plain);
  const values = [...plain, ...headers.getAll(REQUEST_NAMES.hdr)];
  const [value] = values;
  if (value === undefined) return undefined;
  const spelling = plain.length > 0 ? 'plain' : 'hdr';
  const semicolon = value.indexOf(';');
  const kindText = trimBlanks(value, 0, semicolon < 0 ? value.length : semicolon).toLowerCase();
  const params = parseParams(value, semicolon < 0 ? value.length : semicolon);
  // An app may ask besides its helper library; what they say must be the same.
  const isClear = values.every((other) => other === value) && params.ok && (kindText === '' || isToken(kindText));
  if (!isClear) return { kind: 'malformed', spelling };
  if (kindText === '' && semicolon >= 0) return { kind: 'malformed', spelling };
  const ttlSec = parseDecimal(params.value.get('ttl') ?? '', MAX_TTL_SEC);
  if (params.value.has('ttl') && !ttlSec) return { kind: 'malformed', spelling };
  const kind = kindText === '' ? 'turn' : kindText;
  if (kind !== 'turn' && kind !== 'oauth') return { kind: 'unsupported', spelling };
  return { kind, ...(ttlSec !== undefined && { ttlSec }), spelling };
}

/** Text that shows itself only when asked, as `Secret` does. */
export interface RevealableText {
  revealText(): string;
}

/** What the edge hands out. A `TurnCredential` of the credentials room fits, with what the deployment adds. */
export interface CredentialFields {
  /** u */
  readonly name: string;
  /** u and t joined, ready for USERNAME. */
  readonly username: string;
  readonly password: RevealableText;
  /** t: absolute UNIX seconds. */
  readonly expiresAtSec: number;
  /** Seconds left, for clients whose clock is wrong. */
  readonly ttlSec?: number;
  readonly realm?: string;
  /** TURN URIs (RFC 7065). */
  readonly uris?: readonly string[];
  /** RFC 7635: the key id and the access token, for kind `oauth`. */
  readonly kid?: string;
  readonly token?: RevealableText;
}

export interface CredentialFormat {
  /** `combined`: one TURN-Cred-Rsp; `separate`: TURN-Username and its kind, which need no parsing. */
  readonly form: 'both' | 'combined' | 'separate';
  readonly spelling: CredentialSpelling;
}

/** Adds the credential to a response. Throws `ERR_INVALID_ARGUMENT` when a value holds a line break. */
export function appendCredential(headers: SipHeaders, credential: CredentialFields, format: CredentialFormat): void {
  if (format.form !== 'separate') headers.append(RESPONSE_NAMES[format.spelling], formatCombined(credential));
  if (format.form === 'combined') return;
  headers.append(SEPARATE_NAMES.username, credential.username);
  headers.append(SEPARATE_NAMES.password, credential.password.revealText());
  headers.append(SEPARATE_NAMES.lifetime, String(credential.expiresAtSec));
  if (credential.realm !== undefined) headers.append(SEPARATE_NAMES.realm, credential.realm);
  for (const uri of credential.uris ?? []) headers.append(SEPARATE_NAMES.uri, uri);
}

function formatCombined(credential: CredentialFields): string {
  const { name, username, password, expiresAtSec, ttlSec, realm, uris = [], kid, token } = credential;
  return [
    `name=${quote(name)}`,
    `pwd=${quote(password.revealText())}`,
    `lifetime=${expiresAtSec}`,
    `username=${quote(username)}`,
    ...(ttlSec === undefined ? [] : [`ttl=${ttlSec}`]),
    ...(realm === undefined ? [] : [`realm=${quote(realm)}`]),
    ...(uris.length === 0 ? [] : [`uris=${quote(uris.join(' '))}`]),
    ...(kid === undefined ? [] : [`kid=${quote(kid)}`]),
    ...(token === undefined ? [] : [`token=${quote(token.revealText())}`]),
  ].join(';');
}

export const CREDENTIAL_ERRORS = ['denied', 'quota', 'insecure', 'unsupported', 'unavailable'] as const;
export type CredentialError = (typeof CREDENTIAL_ERRORS)[number];

/** Says why there is no credential: `TURN-Cred-Rsp: error=quota;retry-after=30`. The response itself stays a success. */
export function appendCredentialError(
  headers: SipHeaders,
  failure: { readonly error: CredentialError; readonly retryAfterSec?: number },
  spelling: CredentialSpelling,
): void {
  const retryAfter = failure.retryAfterSec === undefined ? '' : `;retry-after=${failure.retryAfterSec}`;
  headers.append(RESPONSE_NAMES[spelling], `error=${failure.error}${retryAfter}`);
}

/** Takes every field of this family away. True when there was one. */
export function stripCredentialHeaders(headers: SipHeaders): boolean {
  let found = false;
  for (const name of CREDENTIAL_HEADER_NAMES) found = headers.remove(name) || found;
  return found;
}

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
  /** `error` is as received: one of `CREDENTIAL_ERRORS`, or a later addition. */
  | { readonly kind: 'error'; readonly error: string; readonly retryAfterSec?: number }
  | { readonly kind: 'malformed' };

/** The client's side: what a response says, from the combined field or else the separate ones; `undefined` when it says nothing. */
export function parseTurnCredential(headers: HeaderReader): ReceivedCredential | undefined {
  const [combined] = [...headers.getAll(RESPONSE_NAMES.plain), ...headers.getAll(RESPONSE_NAMES.hdr)];
  if (combined === undefined) return parseSeparate(headers);
  const params = parseParams(`;${combined}`);
  return params.ok ? fromParams(params.value) : { kind: 'malformed' };
}

function fromParams(params: Params): ReceivedCredential {
  const error = params.get('error');
  if (error !== undefined) {
    const retryAfterSec = parseDecimal(params.get('retry-after') ?? '', MAX_TTL_SEC);
    return { kind: 'error', error, ...(retryAfterSec !== undefined && { retryAfterSec }) };
  }
  const [name, password, lifetime] = [params.get('name'), params.get('pwd'), params.get('lifetime')];
  const expiresAtSec = parseDecimal(lifetime ?? '', Number.MAX_SAFE_INTEGER);
  if (!name || !password || expiresAtSec === undefined) return { kind: 'malformed' };
  const ttlSec = parseDecimal(params.get('ttl') ?? '', MAX_TTL_SEC);
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
  const [username, password] = [first(SEPARATE_NAMES.username), first(SEPARATE_NAMES.password)];
  const lifetime = first(SEPARATE_NAMES.lifetime);
  if (username === undefined && password === undefined && lifetime === undefined) return undefined;
  const expiresAtSec = parseDecimal(lifetime ?? '', Number.MAX_SAFE_INTEGER);
  if (!username || !password || expiresAtSec === undefined) return { kind: 'malformed' };
  const realm = first(SEPARATE_NAMES.realm);
  const uris = headers.getAll(SEPARATE_NAMES.uri).map(unquoteIfQuoted);
  return { kind: 'credential', username, password, expiresAtSec, uris, ...(realm !== undefined && { realm }) };
}

function unquoteIfQuoted(value: string): string {
  return unquote(value) ?? value;
}
