import { hash } from 'node:crypto';
import { type Now } from '../../base/clock.ts';
import { mapOutcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import {
  KEY_ALGORITHMS,
  type CandidateKey,
  type CredentialVerifier,
  type KnownUser,
  type LookupFailure,
} from '../credential.ts';
import { decodeAccessToken, hasTokenForm, type AccessToken } from './token-codec.ts';
import { openHolder } from './token-holder.ts';
import { isKid, type AccessTokenKey, type AccessTokenKeys } from './token-keys.ts';

export interface AccessTokenVerifierOptions {
  /** What THIRD-PARTY-AUTHORIZATION tells clients, and tokens must be made for. */
  readonly serverName: string;
  readonly keys: AccessTokenKeys;
  /** Seconds that the clocks of authorization server and TURN server may differ: the Delta of RFC 7635 §7. */
  readonly skewSec: number;
  /** Takes what coturn's client sends beside what RFC 7635 says. */
  readonly coturnCompat: CoturnCompat | undefined;
}

/** Where coturn and RFC 7635 differ: it keys the HMAC with the first 16 bytes of the session key, and a lifetime of 0 sets no end. */
export interface CoturnCompat {
  /** What a token of lifetime 0 gets. */
  readonly lifetimeSec: number;
}

const COTURN_KEY_BYTES = 16;

/**
 * RFC 7635 §7. USERNAME is the kid, by which K is found; K opens the token; its times hold, both ways; and what is in it keys MESSAGE-INTEGRITY. A
 * request without ACCESS-TOKEN is nothing to this verifier.
 */
export function createAccessTokenVerifier(options: AccessTokenVerifierOptions): CredentialVerifier {
  const { serverName, keys } = options;
  return {
    keyAlgorithms: KEY_ALGORITHMS,
    accessTokensFor: serverName,
    lookup({ username: kid, accessToken }, now) {
      if (!accessToken) return fail('unknown-form');
      if (!hasTokenForm(accessToken)) return fail('malformed-token');
      if (!isKid(kid)) return fail('unknown-kid');
      return mapOutcome(keys.find(kid, now), (found) => {
        if (!found.ok) return found;
        return found.value ? open(accessToken, found.value, options, now) : fail('unknown-kid');
      });
    },
  };
}

function open(
  bytes: Buffer,
  key: AccessTokenKey,
  { serverName, skewSec, coturnCompat }: AccessTokenVerifierOptions,
  now: Now,
): Result<KnownUser, LookupFailure> {
  const decoded = decodeAccessToken(bytes, key, serverName);
  if (!decoded.ok) return decoded;
  const token = decoded.value;
  const lifetimeSec = token.lifetimeSec === 0 && coturnCompat ? coturnCompat.lifetimeSec : token.lifetimeSec;
  const nowSec = now.unixMs / 1000;
  const endSec = token.issuedAtSec + lifetimeSec + skewSec;
  if (token.issuedAtSec > nowSec + skewSec) return fail('not-yet-valid');
  if (lifetimeSec === 0 || nowSec >= endSec) return fail('expired');
  const holder = openHolder(token.macKey, token.nonce, key);
  return ok({
    ...(holder ? { user: holder.user } : { user: nameOf(token), namesNoHolder: true }),
    expiresAtSec: Math.floor(endSec),
    endsAllocations: true,
    keys: integrityKeys(token, coturnCompat !== undefined).map((integrityKey): CandidateKey => {
      return { keyId: key.kid, person: () => holder?.person, integrityKey };
    }),
  });
}

/**
 * The user name for quotas and events of a client whose token another authorization server has made. Two allocations with the same token are of
 * the same user.
 */
function nameOf({ macKey }: AccessToken): string {
  return `other-token-${hash('sha256', macKey, 'hex').slice(0, 16)}`;
}

/**
 * The session key as it is. One of 32 bytes, made for HMAC-SHA-256, keys MESSAGE-INTEGRITY by its SHA-1 (RFC 7635 appendix B). At most three are
 * tried, so a token that proves nothing costs a bounded number of HMACs.
 */
function integrityKeys({ macKey }: AccessToken, coturnCompat: boolean): (() => Buffer)[] {
  return [
    () => macKey,
    ...(macKey.length === 32 ? [() => hash('sha1', macKey, 'buffer')] : []),
    ...(coturnCompat ? [() => macKey.subarray(0, COTURN_KEY_BYTES)] : []),
  ];
}
