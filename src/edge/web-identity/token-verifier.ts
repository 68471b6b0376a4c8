import { type Now } from '../../base/clock.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type KeySource, type SigningKey } from '../../credentials/signing-keys.ts';
import { type Introspection } from './introspection.ts';
import { isJwt, type JwtHead, readJwtHead, verifyJwt } from './jwt.ts';
import { readClaims, type TokenClaims } from './token-claims.ts';
import { type TokenDefect } from './token-defect.ts';

/** A web server (WWSF) whose tokens are taken. */
export interface WebClient {
  readonly id: string;
  /** Origins of its pages; `undefined`: those that the edge lets in at all. */
  readonly origins?: readonly string[] | undefined;
  /** Patterns of the private identities that it lends: `*` stands for any characters but `@`, `{1-500}` for a number. */
  readonly pools: readonly string[];
}

/** An authorization server (WAF) whose tokens are taken, and how they are found genuine. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** The name by which the core is told of the issuer. */
  readonly entity: string;
  readonly clients: readonly WebClient[];
  readonly check:
    | { readonly kind: 'signature'; readonly keys: KeySource }
    | { readonly kind: 'introspection'; readonly introspection: Introspection };
}

/** What a genuine token says, and who has issued it. */
export interface VerifiedToken {
  readonly claims: TokenClaims;
  readonly issuer: TrustedIssuer;
}

export interface TokenVerifierOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** The audience that tokens must have. */
  readonly audience: string;
  /** By how much the clocks of an issuer and of the edge may differ. A token ends when it says. */
  readonly skewSec: number;
}

type Verified = Result<VerifiedToken, TokenDefect>;

/** A function that checks a token. */
export type TokenCheck = Pick<TokenVerifier, 'verify'>;

/** Finds out whether a token is genuine, meant for this edge, and good at this moment. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #byIssuer: ReadonlyMap<string, TrustedIssuer>;
  readonly #opaque: { readonly issuer: TrustedIssuer; readonly introspection: Introspection } | undefined;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#byIssuer = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
    const [opaque] = options.issuers.flatMap((issuer) =>
      issuer.check.kind === 'introspection' ? [{ issuer, introspection: issuer.check.introspection }] : [],
    );
    this.#opaque = opaque;
  }

  /** Checks a token. Never throws, whatever the token holds. The caller has checked its length. */
  verify(token: string, now: Now): Outcome<Verified> {
    if (!isJwt(token)) {
      if (!this.#opaque) return fail('token-malformed');
      return this.#introspect(token, this.#opaque.issuer, this.#opaque.introspection, now);
    }
    const head = readJwtHead(token);
    if (!head.ok) return head;
    const issuer = this.#byIssuer.get(head.value.issuer);
    if (!issuer) return fail('token-issuer');
    const { check } = issuer;
    return check.kind === 'introspection'
      ? this.#introspect(token, issuer, check.introspection, now)
      : mapOutcome(check.keys.find(head.value.kid), (found) => {
          if (!found.ok) return fail(found.reason === 'unknown-key' ? 'token-key' : 'issuer-unavailable');
          return this.#verifySigned(token, head.value, found.value, issuer, now);
        });
  }

  #verifySigned(token: string, head: JwtHead, key: SigningKey, issuer: TrustedIssuer, now: Now): Verified {
    // RFC 8725 §3.1: a key is good for its own algorithm alone.
    const payload = key.algorithm === head.algorithm ? verifyJwt(token, key) : fail('token-signature');
    if (!payload.ok) return payload;
    const claims = readClaims(payload.value);
    return claims.ok ? this.#judge(claims.value, issuer, now) : claims;
  }

  #introspect(token: string, issuer: TrustedIssuer, introspection: Introspection, now: Now): Outcome<Verified> {
    return mapOutcome(introspection.ask(token), (claims) =>
      claims.ok ? this.#judge(claims.value, issuer, now) : claims,
    );
  }

  #judge(claims: TokenClaims, issuer: TrustedIssuer, { unixMs }: Now): Verified {
    const { audience, skewSec } = this.#options;
    const nowSec = unixMs / 1000;
    const isOfIssuer = claims.issuer === issuer.issuer || (claims.issuer === undefined && isAsked(issuer));
    if (!isOfIssuer) return fail('token-issuer');
    if (!claims.audience.includes(audience)) return fail('token-audience');
    if (claims.expiresAtSec <= nowSec) return fail('token-expired');
    if (claims.notBeforeSec !== undefined && claims.notBeforeSec > nowSec + skewSec) return fail('token-not-yet-valid');
    return ok({ claims, issuer });
  }
}

function isAsked({ check }: TrustedIssuer): boolean {
  return check.kind === 'introspection';
}
