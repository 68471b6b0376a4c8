import { type OwnText, ownText } from '../base/own-text.ts';
import { constantTimeEqualText, Secret } from '../base/secret.ts';
import { isToken } from './character-class.ts';
import { type DigestAlgorithm, digestHash, isSession } from './digest-algorithm.ts';
import { type DigestAuthorization } from './digest-authorization.ts';
import { quote } from './params.ts';

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

/** Writes challenges that have all but these two in common. */
export type ChallengeFormat = (nonce: string, stale: boolean) => string;

/** Makes ready what challenges have in common. Quotes what RFC 7616 §3.3 has quoted and nothing else: some clients know no other form. */
export function challengeFormat(common: Omit<DigestChallenge, 'nonce' | 'stale'>): ChallengeFormat {
  const { realm, opaque, domain, algorithm, qop } = common;
  const domainParam = domain === undefined ? '' : `, domain=${quote(domain)}`;
  const opaqueParam = opaque === undefined ? '' : `, opaque=${quote(opaque)}`;
  const qopParam = qop.length === 0 ? '' : `, qop=${quote(qop.filter(isToken).join(','))}`;
  const head = `Digest realm=${quote(realm)}${domainParam}, nonce=`;
  const freshTail = `${opaqueParam}, algorithm=${algorithm}${qopParam}`;
  const staleTail = `${opaqueParam}, stale=true, algorithm=${algorithm}${qopParam}`;
  return (nonce, stale) => head + quote(nonce) + (stale ? staleTail : freshTail);
}

export interface Ha1Input {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: Secret;
}

/**
 * H(username ":" realm ":" password), which a registrar may keep in place of the password: as good as the password within its realm. The
 * same for an algorithm and its -sess variant; `requestDigest` adds the session part.
 */
export function ha1({ algorithm, username, realm, password }: Ha1Input): Secret {
  return new Secret(digestHash(algorithm, Buffer.concat([Buffer.from(`${username}:${realm}:`), password.reveal()])));
}

/** H(method ":" digest-uri). */
export function ha2(algorithm: DigestAlgorithm, method: string, uri: string): string {
  return digestHash(algorithm, `${method}:${uri}`);
}

/** `request-digest` of RFC 7616 §3.4.1 in lower-case hexadecimal, of HA1 and HA2 as such text. The -sess algorithms need `qop`. */
export function requestDigest(
  algorithm: DigestAlgorithm,
  a1: string,
  a2: string,
  { nonce, qop }: Pick<DigestAuthorization, 'nonce' | 'qop'>,
): string {
  const key = isSession(algorithm) ? digestHash(algorithm, `${a1}:${nonce}:${qop?.cnonce ?? ''}`) : a1;
  return digestHash(algorithm, qop ? `${key}:${nonce}:${qop.nc}:${qop.cnonce}:auth:${a2}` : `${key}:${nonce}:${a2}`);
}

/** Of what a client has sent, longer texts are not kept. */
const MAX_KEPT_LENGTH = 256;

/**
 * Judges proofs of one password under one name. What such proofs have in common is kept, HA1 and the latest HA2, so that the next one costs a
 * single hash.
 */
export class DigestVerifier {
  readonly #algorithm: DigestAlgorithm;
  readonly #username: OwnText;
  readonly #password: Secret;
  /** As text, which no print of this object shows. */
  readonly #ha1: string;
  #method = '' as OwnText;
  #uri = '' as OwnText;
  #ha2 = '';

  constructor(input: Ha1Input) {
    this.#algorithm = input.algorithm;
    this.#username = ownText(input.username);
    this.#password = input.password;
    this.#ha1 = ha1(input).revealText();
  }

  /** Whether it is the one for proofs of this password by these credentials, which are for its realm. */
  isFor({ algorithm, username }: DigestAuthorization, password: Secret): boolean {
    return password === this.#password && algorithm === this.#algorithm && username === this.#username;
  }

  /** Whether credentials that it is for prove the password for a request of this method. Nonce, realm and URI are the caller's to judge. */
  verify(proof: DigestAuthorization, method: string): boolean {
    const expected = requestDigest(this.#algorithm, this.#ha1, this.#ha2For(method, proof.uri), proof);
    return constantTimeEqualText(expected, proof.response);
  }

  #ha2For(method: string, uri: string): string {
    if (uri === this.#uri && method === this.#method) return this.#ha2;
    const made = ha2(this.#algorithm, method, uri);
    if (method.length + uri.length > MAX_KEPT_LENGTH) return made;
    this.#method = ownText(method);
    this.#uri = ownText(uri);
    this.#ha2 = made;
    return made;
  }
}
