import { type IssueFailure } from '../base/issue-failure.ts';
import { isToken, parseDecimal, trimBlanks } from './character-class.ts';
import { headerKey } from './header-names.ts';
import { type HeaderField } from './header-field.ts';
import { createField, type SipHeaders } from './message.ts';
import { parseParams, quote } from './params.ts';

/*
 * The header fields in which a WIC asks for a TURN credential and the eP-CSCF answers (TS 33.203 Annex X.5). No 3GPP text gives them
 * a syntax; it is defined here. `src/wic/parse-turn-credential.ts` reads the answer, in browsers and without this code.
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
  token: 'TURN-Token',
} as const;

/** Every field of this family: the edge takes them off what comes from, or goes to, the core. */
export const CREDENTIAL_HEADER_NAMES: readonly string[] = [
  ...Object.values(REQUEST_NAMES),
  ...Object.values(RESPONSE_NAMES),
  ...Object.values(SEPARATE_NAMES),
];
const CREDENTIAL_KEYS: ReadonlySet<string> = new Set(CREDENTIAL_HEADER_NAMES.map(headerKey));

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
  return headers.derive(readCredentialRequest);
}

function readCredentialRequest(headers: SipHeaders): CredentialRequest | UnusableCredentialRequest | undefined {
  const spelling = headers.has(REQUEST_NAMES.plain) ? 'plain' : 'hdr';
  const value = headers.get(REQUEST_NAMES[spelling]);
  if (value === undefined) return undefined;
  const values = headers.getAll(REQUEST_NAMES.plain).concat(headers.getAll(REQUEST_NAMES.hdr));
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
  return ttlSec === undefined ? { kind, spelling } : { kind, ttlSec, spelling };
}

/** Text that shows itself only when asked, as `Secret` does. */
export interface RevealableText {
  revealText(): string;
}

/** What the edge hands out. A `TurnCredential` of the credentials room fits. */
export interface CredentialFields {
  /** u; the kid of an access token. */
  readonly name: string;
  /** Ready for USERNAME: u and t joined, or the kid. */
  readonly username: string;
  /** p; of an access token the session key in base64. */
  readonly password: RevealableText;
  /** t: absolute UNIX seconds. */
  readonly expiresAtSec: number;
  /** Where it is another than that of the deployment. */
  readonly realm?: string;
  /** RFC 7635: the key id and the access token in base64, for kind `oauth`. */
  readonly kid?: string;
  readonly token?: RevealableText;
}

export interface CredentialFormOptions {
  /** `combined`: one TURN-Cred-Rsp; `separate`: TURN-Username and its kind, which need no parsing. */
  readonly form: 'both' | 'combined' | 'separate';
  readonly realm?: string | undefined;
  /** The TURN URIs (RFC 7065). */
  readonly uris: readonly string[];
}

/** How a deployment writes credentials. What is the same in all of them is written once. */
export class CredentialForm {
  readonly #options: CredentialFormOptions;
  readonly #realm: RealmParts | undefined;
  readonly #urisParam: string;
  readonly #uriFields: readonly HeaderField[];

  constructor(options: CredentialFormOptions) {
    const { realm, uris } = options;
    this.#options = options;
    this.#realm = realm === undefined ? undefined : realmParts(realm);
    this.#urisParam = uris.length > 0 ? `;uris=${quote(uris.join(' '))}` : '';
    this.#uriFields = uris.map((uri) => createField(SEPARATE_NAMES.uri, uri));
  }

  /**
   * Adds the credential to a response. `ttlSec`: seconds left, for clients whose clock is wrong. Throws `ERR_INVALID_ARGUMENT` when a value holds a line
   * break.
   */
  append(headers: SipHeaders, credential: CredentialFields, spelling: CredentialSpelling, ttlSec?: number): void {
    const { form } = this.#options;
    const { realm: own, token } = credential;
    const realm = own === undefined ? this.#realm : realmParts(own);
    const password = credential.password.revealText();
    if (form !== 'separate') {
      headers.append(RESPONSE_NAMES[spelling], this.#combined(credential, password, realm, ttlSec));
    }
    if (form === 'combined') return;
    headers.append(SEPARATE_NAMES.username, credential.username);
    headers.append(SEPARATE_NAMES.password, password);
    headers.append(SEPARATE_NAMES.lifetime, String(credential.expiresAtSec));
    if (realm) headers.appendField(realm.field);
    if (token) headers.append(SEPARATE_NAMES.token, token.revealText());
    for (const field of this.#uriFields) headers.appendField(field);
  }

  #combined(
    { name, username, expiresAtSec, kid, token }: CredentialFields,
    password: string,
    realm: RealmParts | undefined,
    ttlSec: number | undefined,
  ): string {
    const ttl = ttlSec === undefined ? '' : `;ttl=${ttlSec}`;
    const text =
      `name=${quote(name)};pwd=${quote(password)};lifetime=${expiresAtSec};username=${quote(username)}${ttl}` +
      `${realm?.param ?? ''}${this.#urisParam}`;
    if (kid === undefined || token === undefined) return text;
    return `${text};kid=${quote(kid)};token=${quote(token.revealText())}`;
  }
}

interface RealmParts {
  readonly param: string;
  readonly field: HeaderField;
}

function realmParts(realm: string): RealmParts {
  return { param: `;realm=${quote(realm)}`, field: createField(SEPARATE_NAMES.realm, realm) };
}

/** Says why there is no credential: `TURN-Cred-Rsp: error=quota;retry-after=30`. The response itself stays a success. */
export function appendCredentialError(
  headers: SipHeaders,
  failure: { readonly error: IssueFailure; readonly retryAfterSec?: number },
  spelling: CredentialSpelling,
): void {
  const retryAfter = failure.retryAfterSec === undefined ? '' : `;retry-after=${failure.retryAfterSec}`;
  headers.append(RESPONSE_NAMES[spelling], `error=${failure.error}${retryAfter}`);
}

/** Removes every field of this family. Returns whether there was one. */
export function stripCredentialHeaders(headers: SipHeaders): boolean {
  return headers.removeKeys(CREDENTIAL_KEYS);
}
