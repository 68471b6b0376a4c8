import { hash as hashOnce } from 'node:crypto';
import { type Mutable } from '../base/mutable.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { constantTimeEqual, Secret } from '../base/secret.ts';
import { parseAuthFields } from './auth-params.ts';
import { isToken } from './character-class.ts';
import { quote } from './params.ts';

export const DIGEST_ALGORITHMS = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

const HASHES: Readonly<Record<DigestAlgorithm, { readonly name: string; readonly hexLength: number }>> = {
  MD5: { name: 'md5', hexLength: 32 },
  'MD5-sess': { name: 'md5', hexLength: 32 },
  'SHA-256': { name: 'sha256', hexLength: 64 },
  'SHA-256-sess': { name: 'sha256', hexLength: 64 },
};

/** WWW-Authenticate or Proxy-Authenticate of the Digest scheme (RFC 7616 §3.3, RFC 8760). */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** Empty for a challenge of RFC 2069 form. Lower case. */
  readonly qop: readonly string[];
  readonly stale: boolean;
  readonly opaque?: string;
  readonly domain?: string;
}

/** What `qop=auth` adds to a proof. */
export interface DigestQop {
  /** Eight hexadecimal digits, as sent: they are hashed as text. */
  readonly nc: string;
  /** `nc` as a number, for replay checks. */
  readonly nonceCount: number;
  readonly cnonce: string;
}

/** Authorization or Proxy-Authorization of the Digest scheme (RFC 7616 §3.4). */
export interface DigestAuthorization {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  /** The `digest-uri`, as sent. */
  readonly uri: string;
  /** Lower-case hexadecimal; empty in the first REGISTER of an IMS client (TS 24.229 §5.1.1.2.2). */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  /** Absent in the form without qop, which RFC 3261 §22.4 keeps for old clients. */
  readonly qop?: DigestQop;
  readonly opaque?: string;
}

export type DigestError = 'other-scheme' | 'malformed' | 'unsupported-algorithm' | 'unsupported-qop';

/** The credentials in one Authorization field value. `auth-int` is refused: it was never offered. */
export function parseAuthorization(text: string): Result<DigestAuthorization, DigestError> {
  const params = digestParams(text);
  if (!params.ok) return params;
  const field = (name: string): string | undefined => params.value.get(name);
  const [username, realm, nonce] = [field('username'), field('realm'), field('nonce')];
  const [uri, response] = [field('uri'), field('response')];
  if (username === undefined || realm === undefined || nonce === undefined) return fail('malformed');
  if (uri === undefined || response === undefined) return fail('malformed');
  const algorithm = parseAlgorithm(field('algorithm'));
  if (!algorithm) return fail('unsupported-algorithm');
  if (response !== '' && !isHex(response, HASHES[algorithm].hexLength)) return fail('malformed');
  const qop = parseQop(field('qop'), field('nc'), field('cnonce'));
  if (!qop.ok) return qop;
  if (algorithm.endsWith('-sess') && !qop.value) return fail('malformed');
  const opaque = field('opaque');
  const found: Mutable<DigestAuthorization> = {
    username,
    realm,
    nonce,
    uri,
    response: response.toLowerCase(),
    algorithm,
  };
  if (qop.value) found.qop = qop.value;
  if (opaque !== undefined) found.opaque = opaque;
  return ok(found);
}

function parseQop(
  qop: string | undefined,
  nc: string | undefined,
  cnonce: string | undefined,
): Result<DigestQop | undefined, 'malformed' | 'unsupported-qop'> {
  if (qop === undefined) return ok(undefined);
  if (qop.toLowerCase() !== 'auth') return fail('unsupported-qop');
  if (nc === undefined || cnonce === undefined || !isHex(nc, 8)) return fail('malformed');
  return ok({ nc, nonceCount: Number.parseInt(nc, 16), cnonce });
}

function digestParams(text: string): Result<ReadonlyMap<string, string>, 'other-scheme' | 'malformed'> {
  const fields = parseAuthFields(text);
  if (!fields) return fail('malformed');
  if (fields.scheme !== 'digest') return fail('other-scheme');
  return fields.params ? ok(fields.params) : fail('malformed');
}

/** MD5 when absent (RFC 7616 §3.3). */
function parseAlgorithm(text = 'MD5'): DigestAlgorithm | undefined {
  return DIGEST_ALGORITHMS.find((algorithm) => algorithm.toLowerCase() === text.toLowerCase());
}

function isHex(text: string, length: number): boolean {
  return text.length === length && /^[0-9a-fA-F]*$/.test(text);
}

/** Quotes what RFC 7616 §3.3 has quoted and nothing else: some clients know no other form. */
export function formatChallenge(challenge: DigestChallenge): string {
  const { realm, nonce, opaque, domain, algorithm, qop, stale } = challenge;
  return `Digest ${[
    `realm=${quote(realm)}`,
    ...(domain === undefined ? [] : [`domain=${quote(domain)}`]),
    `nonce=${quote(nonce)}`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(stale ? ['stale=true'] : []),
    `algorithm=${algorithm}`,
    ...(qop.length === 0 ? [] : [`qop=${quote(qop.filter(isToken).join(','))}`]),
  ].join(', ')}`;
}

export interface Ha1Input {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: Secret;
}

/**
 * H(username ":" realm ":" password), which a registrar may keep in place of the password: as good as the password within its realm. The
 * same for an algorithm and its -sess variant; `computeDigestResponse` adds the session part.
 */
export function ha1({ algorithm, username, realm, password }: Ha1Input): Secret {
  return new Secret(hash(algorithm, Buffer.concat([Buffer.from(`${username}:${realm}:`), password.reveal()])));
}

export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  /** HA1 as lower-case hexadecimal text: made by `ha1`, or as stored. */
  readonly ha1: Secret;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Required for the -sess algorithms. */
  readonly qop?: Pick<DigestQop, 'nc' | 'cnonce'>;
}

/** `request-digest` of RFC 7616 §3.4.1 in lower-case hexadecimal. */
export function computeDigestResponse({ algorithm, ha1: a1, method, uri, nonce, qop }: DigestInput): string {
  const isSession = algorithm.endsWith('-sess');
  const a1Text = a1.revealText();
  const key = isSession ? hash(algorithm, `${a1Text}:${nonce}:${qop?.cnonce ?? ''}`) : a1Text;
  const a2 = hash(algorithm, `${method}:${uri}`);
  const middle = qop ? `:${nonce}:${qop.nc}:${qop.cnonce}:auth:` : `:${nonce}:`;
  return hash(algorithm, key + middle + a2);
}

/** Whether the proof in `authorization` was made with this HA1 for this method. Nonce, realm and URI are the caller's to judge. */
export function verifyDigest(authorization: DigestAuthorization, method: string, storedHa1: Secret): boolean {
  const { algorithm, uri, nonce, qop, response } = authorization;
  const expected = computeDigestResponse({ algorithm, ha1: storedHa1, method, uri, nonce, ...(qop && { qop }) });
  return constantTimeEqual(Buffer.from(expected), Buffer.from(response));
}

function hash(algorithm: DigestAlgorithm, data: string | Uint8Array): string {
  return hashOnce(HASHES[algorithm].name, data, 'hex');
}
