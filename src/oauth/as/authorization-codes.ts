import { hash, randomBytes } from 'node:crypto';
import { BoundedMap } from '../../base/bounded-map.ts';
import { constantTimeEqual } from '../../base/secret.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Scope } from '../oauth-words.ts';
import { type WebIdentity } from '../web-users.ts';

/** What a user has granted by logging in. */
export interface CodeGrant {
  readonly clientId: string;
  readonly redirectUri: string;
  /** `code_challenge` by S256 (RFC 7636 §4.2). */
  readonly challenge: string;
  readonly scope: Scope;
  readonly audience: string | undefined;
  readonly identity: WebIdentity;
}

/** What a client shows beside a code. */
export interface CodeProof {
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly verifier: string | undefined;
}

/** Life of a code in milliseconds. The page that it is redirected to exchanges it at once. */
const LIFE_MS = 60_000;
const MAX_CODES = 10_000;
const CODE = /^[\w-]{43}$/;
const VERIFIER = /^[\w.~-]{43,128}$/;

/** Codes of RFC 6749 §4.1.2: each is good once, soon, and for who began the exchange. Only their hashes are kept. */
export class AuthorizationCodes {
  readonly #open = new BoundedMap<{ readonly grant: CodeGrant; readonly untilMs: number }>(MAX_CODES);
  /** The tokens that came of codes which were used. */
  readonly #used = new BoundedMap<{ jti: string | undefined }>(MAX_CODES);
  /** Registration tokens that are void, because their code was shown twice. */
  readonly #void = new BoundedMap<true>(MAX_CODES);

  issue(grant: CodeGrant, nowMs: number): string {
    const code = randomBytes(32).toString('base64url');
    this.#open.set(keyOf(code), { grant, untilMs: nowMs + LIFE_MS });
    return code;
  }

  /** Exchanges a code. The code is used up, even when the exchange fails. */
  redeem(code: string, proof: CodeProof, nowMs: number): Result<CodeGrant, 'invalid_grant'> {
    if (!CODE.test(code)) return fail('invalid_grant');
    const key = keyOf(code);
    const open = this.#open.get(key);
    this.#open.delete(key);
    if (!open) {
      // RFC 6749 §4.1.2: of two that show a code, one has stolen it.
      const jti = this.#used.get(key)?.jti;
      if (jti !== undefined) this.#void.set(jti, true);
      return fail('invalid_grant');
    }
    this.#used.set(key, { jti: undefined });
    const { grant, untilMs } = open;
    const isIts = grant.clientId === proof.clientId && grant.redirectUri === proof.redirectUri;
    if (nowMs >= untilMs || !isIts || !isAnswer(grant.challenge, proof.verifier)) return fail('invalid_grant');
    return ok(grant);
  }

  /** Notes which token came of a code. */
  note(code: string, jti: string): void {
    const used = this.#used.get(keyOf(code));
    if (used) used.jti = jti;
  }

  isVoid(jti: string): boolean {
    return this.#void.has(jti);
  }
}

function keyOf(code: string): string {
  return hash('sha256', code, 'base64url');
}

/** Whether a code verifier answers the challenge (RFC 7636 §4.6). */
function isAnswer(challenge: string, verifier: string | undefined): boolean {
  if (verifier === undefined || !VERIFIER.test(verifier)) return false;
  return constantTimeEqual(Buffer.from(hash('sha256', verifier, 'base64url')), Buffer.from(challenge));
}
