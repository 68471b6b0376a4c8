import { createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { fail, ok, type Result } from '../../base/result.ts';
import { type KeySource, type SigningAlgorithm, type SigningKey } from '../../credentials/signing-keys.ts';
import { signingAlgorithmOf } from '../key-algorithm.ts';

interface RingKey extends SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey;
}

/** A JSON Web Key Set (RFC 7517 §5) of public keys. */
export interface PublicKeySet {
  readonly keys: readonly JsonWebKey[];
}

/** Type of the tokens: `at+jwt` (RFC 9068 §2.1). */
const TOKEN_TYPE = 'at+jwt';

/** The keys of the authorization server: the first signs, and tokens of all of them are good. Each is named by its thumbprint (RFC 7638). */
export class SigningRing implements KeySource {
  readonly keySet: PublicKeySet;
  readonly #newest: RingKey;
  readonly #byKid: ReadonlyMap<string, RingKey>;

  /** Private keys, at least one, the newest first. Each is for ES256 or RS256. */
  constructor([newest, ...older]: readonly [KeyObject, ...KeyObject[]]) {
    this.#newest = ringKey(newest);
    const keys = [this.#newest, ...older.map(ringKey)];
    this.#byKid = new Map(keys.map((key) => [key.kid, key]));
    this.keySet = { keys: [...this.#byKid.values()].map(({ jwk }) => jwk) };
  }

  find(kid: string): Result<SigningKey, 'unknown-key'> {
    const key = this.#byKid.get(kid);
    return key ? ok(key) : fail('unknown-key');
  }

  /** The algorithms by which these keys sign. */
  get algorithms(): readonly SigningAlgorithm[] {
    return [...new Set([...this.#byKid.values()].map(({ algorithm }) => algorithm))];
  }

  /** A signed JWT with exactly these claims. `iat`: UNIX seconds. */
  sign(claims: Readonly<Record<string, unknown>> & { readonly iat: number }): string {
    const { kid, algorithm, privateKey } = this.#newest;
    return jwt.sign({ ...claims }, privateKey, {
      algorithm,
      keyid: kid,
      header: { alg: algorithm, typ: TOKEN_TYPE },
    });
  }

  /** The claims of a token that one of these keys has signed and that has not ended; `undefined` of anything else. Never throws. */
  verify(token: string, nowSec: number): Readonly<Record<string, unknown>> | undefined {
    try {
      const kid = jwt.decode(token, { complete: true })?.header.kid;
      const key = kid === undefined ? undefined : this.#byKid.get(kid);
      if (!key) return undefined;
      const claims = jwt.verify(token, key.key, { algorithms: [key.algorithm], clockTimestamp: nowSec });
      return typeof claims === 'object' && typeof claims.exp === 'number' ? claims : undefined;
    } catch {
      return undefined;
    }
  }
}

function ringKey(privateKey: KeyObject): RingKey {
  const key = createPublicKey(privateKey);
  const algorithm = signingAlgorithmOf(key);
  if (!algorithm) throw new TypeError('a signing key is for neither ES256 nor RS256');
  const jwk = key.export({ format: 'jwk' });
  const kid = thumbprint(jwk);
  return { kid, algorithm, key, privateKey, jwk: { ...jwk, kid, alg: algorithm, use: 'sig' } };
}

/** The thumbprint of a key: over the required members alone, in the order of their names (RFC 7638 §3.2). */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return hash('sha256', JSON.stringify(members), 'base64url');
}
