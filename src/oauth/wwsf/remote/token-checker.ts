import jwt from 'jsonwebtoken';
import { type Now } from '../../../base/clock.ts';
import { settled } from '../../../base/outcome.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import { type KeySource, type SigningKey } from '../../../credentials/signing-keys.ts';
import { type WafFault } from '../../oauth-words.ts';
import { type RegistrationToken } from '../../token-answers.ts';
import { type WebIdentity } from '../../web-users.ts';
import { type BearerToken } from './token-answer.ts';

export interface TokenExpectation {
  readonly issuer: string;
  /** Whom registration tokens are for: the edge. */
  readonly audience: string;
  readonly clientId: string;
}

export type TokenFault = Extract<WafFault, 'forged-token' | 'other-token' | 'keys-unavailable'>;

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const MAX_KID_CHARACTERS = 128;
const MAX_IMPUS = 16;

/**
 * Holds a registration token against what was asked for, before a page gets it: signature, issuer, audience, client, user, end. A token that is not signed
 * can be read by the authorization server alone, and is taken as it came.
 */
export async function checkToken(
  { token, expiresAtSec }: BearerToken,
  { impi, impus }: WebIdentity,
  keys: KeySource | undefined,
  expected: TokenExpectation,
  now: Now,
): Promise<Result<RegistrationToken, TokenFault>> {
  if (!JWT.test(token) || !keys) return ok({ token, expiresAtSec, impi, impus });
  const kid = kidOf(token);
  if (kid === undefined) return fail('forged-token');
  const key = await settled(keys.find(kid));
  if (!key.ok) return fail(key.reason === 'unavailable' ? 'keys-unavailable' : 'forged-token');
  const claims = verified(token, key.value);
  if (!claims) return fail('forged-token');
  const { issuer, audience, clientId } = expected;
  const aud = claims.get('aud');
  const exp = claims.get('exp');
  const isForIt =
    claims.get('iss') === issuer &&
    (Array.isArray(aud) ? aud.includes(audience) : aud === audience) &&
    (claims.get('client_id') ?? clientId) === clientId &&
    (claims.get('impi') ?? claims.get('sub')) === impi;
  if (!isForIt || typeof exp !== 'number' || exp <= now.unixMs / 1000) return fail('other-token');
  return ok({ token, expiresAtSec: Math.min(expiresAtSec, Math.floor(exp)), impi, impus: impusOf(claims) ?? impus });
}

function kidOf(token: string): string | undefined {
  try {
    const kid: unknown = jwt.decode(token, { complete: true })?.header.kid;
    return typeof kid === 'string' && kid.length <= MAX_KID_CHARACTERS ? kid : undefined;
  } catch {
    return undefined;
  }
}

function verified(token: string, { key, algorithm }: SigningKey): ReadonlyMap<string, unknown> | undefined {
  try {
    const claims = jwt.verify(token, key, { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true });
    return typeof claims === 'object' ? new Map<string, unknown>(Object.entries(claims)) : undefined;
  } catch {
    return undefined;
  }
}

/** The public identities that the token names; `undefined`: it names none. */
function impusOf(claims: ReadonlyMap<string, unknown>): readonly string[] | undefined {
  const told: unknown = claims.get('impu');
  const list: readonly unknown[] = Array.isArray(told) ? told.slice(0, MAX_IMPUS) : [told];
  const impus = list.filter((impu) => typeof impu === 'string');
  return impus.length > 0 ? impus : undefined;
}
