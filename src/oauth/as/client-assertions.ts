import jwt, { type JwtPayload } from 'jsonwebtoken';
import { AgeMap } from '../../base/age-map.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type ClientRefusal } from '../oauth-words.ts';
import { type OAuthClient } from '../oauth-client.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const MAX_CHARACTERS = 8192;
const MAX_JTI_CHARACTERS = 128;
/** The longest that an assertion may be good for: as long as it must be remembered. */
const MAX_LIFE_SEC = 300;
/** By how much the clock of a client may differ. */
const SKEW_SEC = 30;
/** Assertions of one client that are remembered: more than its allowance of requests lets it show in their life. */
const MAX_REMEMBERED = 20_000;

/** Checks what clients sign to prove who they are (RFC 7523 §3, `private_key_jwt`). Each assertion is good once. */
export class ClientAssertions {
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

  check({ id, proof }: OAuthClient, assertion: string, nowSec: number): Result<undefined, ClientRefusal> {
    if (assertion.length > MAX_CHARACTERS) return fail('malformed-assertion');
    if (proof.kind !== 'key') return fail('other-proof');
    let claims: JwtPayload | string;
    try {
      claims = jwt.verify(assertion, proof.key, {
        algorithms: [proof.algorithm],
        clockTimestamp: nowSec,
        clockTolerance: SKEW_SEC,
      });
    } catch (error) {
      return fail(refusalOf(error));
    }
    if (typeof claims === 'string') return fail('malformed-assertion');
    const { iss, sub, aud, exp, jti } = claims;
    const [audience, ...others] = Array.isArray(aud) ? aud : [aud];
    if (iss !== id || sub !== id || others.length > 0) return fail('wrong-claims');
    if (typeof audience !== 'string' || !this.#audiences().includes(audience)) return fail('wrong-claims');
    if (typeof exp !== 'number' || exp > nowSec + MAX_LIFE_SEC + SKEW_SEC) return fail('wrong-claims');
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS) return fail('wrong-claims');
    return this.#remember(id, jti, exp + SKEW_SEC, nowSec) ? ok(undefined) : fail('replayed-assertion');
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

function refusalOf(error: unknown): ClientRefusal {
  if (!(error instanceof jwt.JsonWebTokenError)) return 'malformed-assertion';
  if (error instanceof jwt.TokenExpiredError || error instanceof jwt.NotBeforeError) return 'wrong-claims';
  return error.message === 'invalid signature' ? 'wrong-signature' : 'malformed-assertion';
}
