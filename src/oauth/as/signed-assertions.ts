import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt, { type Algorithm, type JwtPayload } from 'jsonwebtoken';
import { AgeMap } from '../../base/age-map.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type ClientRefusal } from '../oauth-words.ts';
import { type ClientProof, type OAuthClient } from '../oauth-client.ts';

const MAX_CHARACTERS = 8192;
const MAX_JTI_CHARACTERS = 128;
/** The longest that an assertion may be good for: as long as it must be remembered. */
const MAX_LIFE_SEC = 300;
/** By how much the clock of a client may differ. */
const SKEW_SEC = 30;
/** Assertions of one client that are remembered: more than its allowance of requests lets it show in their life. */
const MAX_REMEMBERED = 20_000;
/** RFC 7518 §3.2. */
const MIN_MAC_BYTES = 32;

interface AssertionKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
}

/** Checks what clients sign, of themselves or of their users (RFC 7523 §3). Each assertion is good once. */
export class SignedAssertions {
  readonly #audiences: () => readonly string[];
  /** By client: the end, in UNIX seconds, of each assertion that was shown, by its `jti`. */
  readonly #shown = new Map<string, AgeMap<number>>();

  /** `audiences`: names of this server, of which an assertion must have one and nothing else. */
  constructor(audiences: () => readonly string[]) {
    this.#audiences = audiences;
  }

  /** Whom an assertion claims to be of. Nothing is checked. */
  static subjectOf(assertion: string): string | undefined {
    if (assertion.length > MAX_CHARACTERS) return undefined;
    try {
      const sub: unknown = jwt.decode(assertion, { json: true })?.sub;
      return typeof sub === 'string' ? sub : undefined;
    } catch {
      return undefined;
    }
  }

  /** A client says who it is (`private_key_jwt`). */
  checkClient(client: OAuthClient, assertion: string, nowSec: number): Result<undefined, ClientRefusal> {
    const { proof } = client;
    if (proof.kind !== 'key') return fail('other-proof');
    const subject = this.#subjectOf(client.id, proof, assertion, nowSec, (sub) => sub === client.id);
    return subject.ok ? ok(undefined) : subject;
  }

  /** A client that has proved who it is says who its user is: signed by its key, or by its secret if that is long enough. */
  checkUser({ id, proof }: OAuthClient, assertion: string, nowSec: number): Result<string, ClientRefusal> {
    const key = keyOf(proof);
    return key ? this.#subjectOf(id, key, assertion, nowSec, (sub) => sub !== id) : fail('other-proof');
  }

  #subjectOf(
    id: string,
    { key, algorithm }: AssertionKey,
    assertion: string,
    nowSec: number,
    isMeant: (sub: string) => boolean,
  ): Result<string, ClientRefusal> {
    if (assertion.length > MAX_CHARACTERS) return fail('malformed-assertion');
    let claims: JwtPayload | string;
    try {
      claims = jwt.verify(assertion, key, {
        algorithms: [algorithm],
        clockTimestamp: nowSec,
        clockTolerance: SKEW_SEC,
      });
    } catch (error) {
      return fail(refusalOf(error));
    }
    if (typeof claims === 'string') return fail('malformed-assertion');
    const { iss, sub, aud, exp, jti } = claims;
    const [audience, ...others] = Array.isArray(aud) ? aud : [aud];
    if (iss !== id || typeof sub !== 'string' || !isMeant(sub) || others.length > 0) return fail('wrong-claims');
    if (typeof audience !== 'string' || !this.#audiences().includes(audience)) return fail('wrong-claims');
    if (typeof exp !== 'number' || exp > nowSec + MAX_LIFE_SEC + SKEW_SEC) return fail('wrong-claims');
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS) return fail('wrong-claims');
    return this.#remember(id, jti, exp + SKEW_SEC, nowSec) ? ok(sub) : fail('replayed-assertion');
  }

  /** False when it was shown before, or cannot be remembered. */
  #remember(id: string, jti: string, untilSec: number, nowSec: number): boolean {
    const shown = this.#shown.get(id) ?? new AgeMap<number>();
    this.#shown.set(id, shown);
    for (let { oldest } = shown; oldest && oldest.value < nowSec; { oldest } = shown) shown.delete(oldest.key);
    if (shown.has(jti) || shown.size >= MAX_REMEMBERED) return false;
    shown.set(jti, untilSec);
    return true;
  }
}

function keyOf(proof: ClientProof): AssertionKey | undefined {
  if (proof.kind === 'key') return proof;
  if (proof.kind === 'none' || proof.secret.byteLength < MIN_MAC_BYTES) return undefined;
  return { key: createSecretKey(proof.secret.reveal()), algorithm: 'HS256' };
}

function refusalOf(error: unknown): ClientRefusal {
  if (!(error instanceof jwt.JsonWebTokenError)) return 'malformed-assertion';
  if (error instanceof jwt.TokenExpiredError || error instanceof jwt.NotBeforeError) return 'wrong-claims';
  return error.message === 'invalid signature' ? 'wrong-signature' : 'malformed-assertion';
}
