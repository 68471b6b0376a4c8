import { type Now } from '../../../base/clock.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import { Secret } from '../../../base/secret.ts';
import { type TurnToken } from '../../token-answers.ts';
import { parseMembers } from './waf-fetch.ts';

/** A token by which a browser registers, as it came: nothing of it is checked. */
export interface BearerToken {
  readonly token: string;
  /** UNIX seconds. */
  readonly expiresAtSec: number;
}

/** RFC 6750 §2.1, in a length that a SIP message has room for. */
const BEARER = /^[\w.~+/-]{1,8192}={0,2}$/;
const BASE64 = /^[A-Za-z\d+/]{1,8192}={0,2}$/;
const KID = /^[\x21-\x7e]{1,127}$/;
const SERVER_NAME = /^[\x21-\x7e]{1,255}$/;
/** SHA-1 and SHA-256 (RFC 7635 appendix B). */
const KEY_BYTES: readonly number[] = [20, 32];
/** A day: an identity that is lent stays with its guest until the token has ended. */
const MAX_LIFE_SEC = 86_400;

/** Never throws. */
export function readBearerAnswer(body: string, now: Now): Result<BearerToken, 'malformed-answer'> {
  const members = parseMembers(body);
  const token = members?.get('access_token');
  const expiresAtSec = endOf(members?.get('expires_in'), now);
  const isBearer = String(members?.get('token_type')).toLowerCase() === 'bearer';
  if (typeof token !== 'string' || !BEARER.test(token) || !isBearer || expiresAtSec === undefined) {
    return fail('malformed-answer');
  }
  return ok({ token, expiresAtSec });
}

/** RFC 7635 appendix B. `serverName`: the TURN server that is meant where the answer names none. Never throws. */
export function readTurnAnswer(body: string, serverName: string, now: Now): Result<TurnToken, 'malformed-answer'> {
  const members = parseMembers(body);
  const [token, kid, key] = ['access_token', 'kid', 'key'].map((name) => members?.get(name));
  const audience = members?.get('aud') ?? serverName;
  const expiresAtSec = endOf(members?.get('expires_in'), now);
  const isPop = String(members?.get('token_type')).toLowerCase() === 'pop';
  if (typeof token !== 'string' || !BASE64.test(token) || !isPop || expiresAtSec === undefined) {
    return fail('malformed-answer');
  }
  if (typeof kid !== 'string' || !KID.test(kid) || typeof key !== 'string' || !BASE64.test(key)) {
    return fail('malformed-answer');
  }
  const isKey = KEY_BYTES.includes(Buffer.from(key, 'base64').length);
  if (!isKey || typeof audience !== 'string' || !SERVER_NAME.test(audience)) return fail('malformed-answer');
  return ok({ token, kid, key: new Secret(key), expiresAtSec, audience });
}

function endOf(expiresIn: unknown, { unixMs }: Now): number | undefined {
  const isLife = typeof expiresIn === 'number' && expiresIn > 0 && expiresIn <= MAX_LIFE_SEC;
  return isLife ? Math.floor(unixMs / 1000 + expiresIn) : undefined;
}
