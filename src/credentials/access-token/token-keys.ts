import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Now } from '../../base/clock.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Secret } from '../../base/secret.ts';

/** How a token is encrypted, in the words of RFC 7518 §5.1. A server must support A256GCM (RFC 7635 §4.1.1). */
export const TOKEN_ALGORITHMS = ['A256GCM', 'A128GCM'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

const CIPHERS = {
  A256GCM: { cipher: 'aes-256-gcm', bytes: 32 },
  A128GCM: { cipher: 'aes-128-gcm', bytes: 16 },
} as const satisfies Record<TokenAlgorithm, { cipher: string; bytes: number }>;

/** K, which authorization server and TURN server share, and which a kid names. */
export interface AccessTokenKey {
  readonly kid: string;
  readonly cipher: 'aes-256-gcm' | 'aes-128-gcm';
  readonly key: KeyObject;
  /** Follows from K; see `TokenHolder`. */
  readonly holderKey: Buffer;
}

/** Where the long-term keys of a TURN server are. Its answer may come later. */
export interface AccessTokenKeys {
  find(kid: string, now: Now): Outcome<Result<AccessTokenKey | undefined, 'unavailable'>>;
}

/** Text without blanks that an operator can write, and a store can hold in the name of an entry. */
const KID_FORM = /^[\w.+/=@:-]{1,127}$/;

export function isKid(text: string): boolean {
  return KID_FORM.test(text);
}

/** Why no key comes of what was given. */
export const ACCESS_TOKEN_KEY_FAILURES = {
  'not-base64': 'a key in base64',
  'short-key': 'a key in base64 of 32 bytes or more for A256GCM, of 16 or more for A128GCM',
} as const;
export type AccessTokenKeyFailure = keyof typeof ACCESS_TOKEN_KEY_FAILURES;

const BASE64_FORM = /^[A-Za-z\d+/]+={0,2}$/;

/** `secret`: K in base64, of which the first 32 bytes are used, or the first 16. Longer ones are what coturn's tools make. */
export function readAccessTokenKey(
  kid: string,
  algorithm: TokenAlgorithm,
  secret: Secret,
): Result<AccessTokenKey, AccessTokenKeyFailure> {
  const text = secret.revealText();
  if (!BASE64_FORM.test(text)) return fail('not-base64');
  const { cipher, bytes } = CIPHERS[algorithm];
  const key = Buffer.from(text, 'base64').subarray(0, bytes);
  if (key.length < bytes) return fail('short-key');
  const holderKey = Buffer.from(hkdfSync('sha256', key, '', 'epcscf-turn token holder', 32));
  return ok({ kid, cipher, key: createSecretKey(key), holderKey });
}

/** The keys of a configuration. Each opens tokens, so that a key is changed without a gap. */
export function createAccessTokenKeyRing(keys: readonly AccessTokenKey[]): AccessTokenKeys {
  const byKid = new Map(keys.map((key) => [key.kid, ok(key)]));
  const none = ok(undefined);
  return { find: (kid) => byKid.get(kid) ?? none };
}

/** The first of two places that has the key. */
export function eitherOf(first: AccessTokenKeys, second: AccessTokenKeys): AccessTokenKeys {
  return {
    find: (kid, now) =>
      mapOutcome(first.find(kid, now), (found) => (found.ok && !found.value ? second.find(kid, now) : found)),
  };
}
