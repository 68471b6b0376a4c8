import { fail, ok, type Result } from '../../base/result.ts';

/** What a token says, whichever way it was found to be genuine. */
export interface TokenClaims {
  /** Absent only in the answer of an introspection, which comes from the issuer itself. */
  readonly issuer: string | undefined;
  readonly audience: readonly string[];
  /** The web server (WWSF) that the token was issued to. */
  readonly clientId: string;
  /** Private user identity, `user@domain`. */
  readonly impi: string;
  /** Public identities: SIP and tel URIs. At least one. */
  readonly impus: readonly string[];
  readonly isPool: boolean;
  /** Origins of the pages that may use it; `undefined`: the token does not say. */
  readonly origins: readonly string[] | undefined;
  /** When the token ends, in UNIX seconds. */
  readonly expiresAtSec: number;
  readonly notBeforeSec: number | undefined;
}

const MAX_ENTRIES = 16;
const MAX_CHARACTERS = 255;
/** Visible ASCII without what would end a quoted string: these texts stand in header fields. */
const PLAIN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const IMPI = /^[^@<>]+@[^@<>]+$/;
const IMPU = /^(?:sips?|tel):[^<>]+$/i;
/** The latest UNIX second that `Date` can represent. */
const MAX_SEC = 8_640_000_000_000;

/** Reads the claims of a registration token; of an introspection the same fields (RFC 7662 §2.2). */
export function readClaims(value: unknown): Result<TokenClaims, 'token-claims'> {
  if (typeof value !== 'object' || value === null) return fail('token-claims');
  const claims = new Map<string, unknown>(Object.entries(value));
  const issuer = claims.get('iss');
  const audience = listOf(claims.get('aud'));
  const origins = claims.has('origins') ? listOf(claims.get('origins')) : undefined;
  const clientId = textOf(claims.get('client_id') ?? claims.get('azp'));
  const impi = textOf(claims.get('impi'));
  const impus = listOf(claims.get('impu'));
  const expiresAtSec = timeOf(claims.get('exp'));
  const notBeforeSec = claims.has('nbf') ? timeOf(claims.get('nbf')) : undefined;
  const isWhole =
    (issuer === undefined || textOf(issuer) !== undefined) &&
    (!claims.has('origins') || origins !== undefined) &&
    (!claims.has('nbf') || notBeforeSec !== undefined);
  if (!isWhole || audience === undefined || clientId === undefined || expiresAtSec === undefined) {
    return fail('token-claims');
  }
  if (impi === undefined || !IMPI.test(impi) || !impus || impus.length === 0) return fail('token-claims');
  if (!impus.every((impu) => IMPU.test(impu))) return fail('token-claims');
  const isPool = claims.get('pool') === true;
  return ok({ issuer: textOf(issuer), audience, clientId, impi, impus, isPool, origins, expiresAtSec, notBeforeSec });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_CHARACTERS && PLAIN.test(value) ? value : undefined;
}

/** One text stands for a list of it (RFC 7519 §4.1.3). */
function listOf(value: unknown): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > MAX_ENTRIES) return undefined;
  const texts = values.flatMap((entry) => textOf(entry) ?? []);
  return texts.length === values.length ? texts : undefined;
}

/** RFC 7519 §2: NumericDate may have a fraction. */
function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_SEC ? Math.floor(value) : undefined;
}
