import jwt from 'jsonwebtoken';
import { fail, ok, type Result } from '../../base/result.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type SigningKey } from '../../credentials/signing-keys.ts';

/** What a signed token says of itself before anything is proven: enough to find the key that it has to be held against. */
export interface JwtHead {
  readonly algorithm: SigningAlgorithm;
  readonly kid: string;
  readonly issuer: string;
}

const MAX_KID_CHARACTERS = 128;
const MAX_ISSUER_CHARACTERS = 255;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** RFC 9068 §2.1, and what is written where nobody says of what kind the token is. Audience and client tell an access token from others. */
const TYPES: readonly unknown[] = ['at+jwt', 'application/at+jwt', 'JWT', undefined];

/** Whether a token has the form of a signed one (RFC 7515 §3.1); any other is opaque. */
export function isJwt(token: string): boolean {
  return JWT.test(token);
}

/** Reads the header of a signed token. Never throws. The caller has checked the length. */
export function readJwtHead(token: string): Result<JwtHead, 'token-malformed' | 'token-signature' | 'token-issuer'> {
  const [head = '', payload = ''] = token.split('.', 2);
  const header = parseObject(head);
  const claims = parseObject(payload);
  if (!header || !claims) return fail('token-malformed');
  const algorithm = SIGNING_ALGORITHMS.find((known) => known === header.get('alg'));
  // RFC 7515 §4.1.11: what must be understood is not understood here.
  if (!algorithm || header.has('crit')) return fail('token-signature');
  const kid = header.get('kid');
  const isNamed = typeof kid === 'string' && kid !== '' && kid.length <= MAX_KID_CHARACTERS;
  if (!isNamed || !TYPES.includes(header.get('typ'))) return fail('token-malformed');
  const issuer = claims.get('iss');
  if (typeof issuer !== 'string' || issuer.length > MAX_ISSUER_CHARACTERS) return fail('token-issuer');
  return ok({ algorithm, kid, issuer });
}

/** The payload of a token that this key has signed. Its times are the caller's to judge. Never throws. */
export function verifyJwt(token: string, { algorithm, key }: SigningKey): Result<object, 'token-signature'> {
  try {
    const payload = jwt.verify(token, key, { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true });
    return typeof payload === 'object' ? ok(payload) : fail('token-signature');
  } catch {
    return fail('token-signature');
  }
}

function parseObject(part: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}
