import { type KeyObject } from 'node:crypto';
import { type Outcome } from '../base/outcome.ts';
import { type Result } from '../base/result.ts';

/** What registration tokens may be signed with (RFC 7518 §3.1): nothing else is ever looked at. */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A public key and the one algorithm it is for. */
export interface SigningKey {
  readonly algorithm: SigningAlgorithm;
  readonly key: KeyObject;
}

/** `unknown-key`: the authorization server has none of that name. `unavailable`: it cannot be asked at the moment. */
export type KeyFailure = 'unknown-key' | 'unavailable';

/**
 * The keys by which the signatures of an authorization server (WAF) are checked: those of a WAF in this process, or those that a remote one publishes
 * (RFC 7517). Never throws, whatever the name holds.
 */
export interface KeySource {
  /** `kid`: the name of the key, as a token says it. */
  find(kid: string): Outcome<Result<SigningKey, KeyFailure>>;
}
