import { type Now } from '../base/clock.ts';
import { type IssueFailure } from '../base/issue-failure.ts';
import { type Outcome } from '../base/outcome.ts';
import { type Result } from '../base/result.ts';
import { type Secret } from '../base/secret.ts';

/** A TURN credential as the edge hands it to a WIC (TS 33.203 X.5.2): USERNAME, password and the absolute end of both. */
export interface TurnCredential {
  /** u: the pseudonymous TURN name. Never an IMPU, IMPI or telephone number. */
  readonly name: string;
  /** What the client puts into USERNAME: u and t joined in the profile's order. */
  readonly username: string;
  readonly password: Secret;
  /** t: absolute UNIX seconds, the very digits that were hashed. */
  readonly expiresAtSec: number;
  /** Present when the password is bound to the realm (selectable variant of approach 1). */
  readonly realm?: string;
}

export interface IssueRequest {
  /** Whom the credential is for: one stable string per registered user and device, known to the edge only. */
  readonly registrationId: string;
  /** Whom quotas count, over all registrations and credentials: a stable string for a user, known to the edge only. */
  readonly person: string;
  /** Seconds the client asked for (`TURN-Cred-Req: ttl=`), if any. A wish: policy decides. */
  readonly wishedTtlSec?: number;
  /** Seconds the registrar granted to the binding; the default lifetime is max(3600, twice this). */
  readonly grantedExpiresSec: number;
  /** UNIX seconds past which no credential lives: the end of the web identity that it is based on. None when absent. */
  readonly notAfterSec?: number;
  /** Client of the authorization server to which the credential is handed. None when absent. */
  readonly client?: string;
}

/** Makes credentials. The edge knows no more of an approach than this. */
export interface CredentialIssuer {
  /**
   * Never throws; a failure becomes `error=` in the answer, and the REGISTER still succeeds. The answer may come later, as long as the edge
   * waits for it; what comes after that reaches nobody, and is `unavailable` to the client.
   */
  issue(request: IssueRequest, now: Now): Outcome<Result<TurnCredential, IssueFailure>>;
  /**
   * The registration has ended, and `how` says what becomes of its credentials. That goes for a credential of the registration which `issue` has
   * not finished yet, too.
   */
  release(registrationId: string, how: Release): void;
}

/**
 * What becomes of the credentials of a registration that has ended. `revoke`: they are no longer good from now on. `forget`: they live to their end,
 * as a client that was lost may still have a call; the next registration of the device gets others.
 */
export type Release = 'revoke' | 'forget';

/** An issuer that needs to ask nobody, and so answers at once. */
export interface LocalIssuer extends CredentialIssuer {
  issue(request: IssueRequest, now: Now): Result<TurnCredential, IssueFailure>;
}

/** An access token (RFC 7635 §6.2), with what a client needs to use it. */
export interface AccessTokenCredential {
  /** Names the long-term key that the token is encrypted with; the client puts it into USERNAME. */
  readonly kid: string;
  /** The session key in base64. Decoded, it is the key of MESSAGE-INTEGRITY. */
  readonly key: Secret;
  /** What the client puts into ACCESS-TOKEN: opaque to it. */
  readonly token: Buffer;
  /** Absolute end in UNIX seconds. */
  readonly expiresAtSec: number;
  /** u: what the TURN server knows the holder by, `KnownUser.user`. The same in every token of one registration. */
  readonly user: string;
}

/** Makes access tokens (TS 33.203 X.5.3). As `CredentialIssuer` otherwise. */
export interface AccessTokenIssuer {
  issue(request: IssueRequest, now: Now): Outcome<Result<AccessTokenCredential, IssueFailure>>;
  release(registrationId: string, how: Release): void;
}

/** What a long-term key is hashed with (RFC 8489 §18.5), the stronger first. */
export const KEY_ALGORITHMS = ['sha256', 'md5'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/**
 * Why a USERNAME was refused before any integrity check. Goes to the log and the event, never into the answer. `unavailable`: the verifier
 * cannot tell at the moment; the answer is then 500, not 401.
 */
export type LookupFailure =
  | 'unknown-form'
  | 'unknown-user'
  | 'malformed-token'
  | 'unknown-kid'
  | 'forged-token'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-realm'
  | 'revoked'
  | 'unavailable';

export interface LookupRequest {
  /** USERNAME as received, valid UTF-8. */
  readonly username: string;
  readonly realm: string;
  /** ACCESS-TOKEN as received (RFC 7635 §6.2), the verifier's own to keep; absent when the request has none. */
  readonly accessToken?: Buffer;
}

/** What a USERNAME could stand for. MESSAGE-INTEGRITY decides which of the keys it is, if any. */
export interface KnownUser {
  /** The identity that 441 compares: u without its expiry, so a fresh credential of the same registration stays the same user. */
  readonly user: string;
  /** Absolute end of the credential in UNIX seconds; absent for a static user. */
  readonly expiresAtSec?: number;
  /** No allocation may outlive the credential, whatever the TURN server does with others (RFC 7635 §9). */
  readonly endsAllocations?: boolean;
  /**
   * The credential does not say whose it is, and its `user` is good for it alone: on its 5-tuple an allocation that was made with such a credential goes
   * on with any other of the kind (RFC 7635 §9).
   */
  readonly namesNoHolder?: boolean;
  /** In the order to try. At least one. */
  readonly keys: readonly CandidateKey[];
}

export interface CandidateKey {
  /** Names the key in logs: its label in the key ring, never its bytes. */
  readonly keyId: string;
  /**
   * What keys the HMAC of the integrity attributes. Of a password: its hash with username and realm (RFC 8489 §9.2.2), `undefined` when only
   * the other hash of it is known. Of an access token: the session key as it is, whatever the algorithm (RFC 7635 §5).
   */
  integrityKey(algorithm: KeyAlgorithm): Buffer | undefined;
  /** Whom quotas count, where the name tells it to who has this key; else `user`. To be asked once this key has proved to be the one. */
  person?(): string | undefined;
}

export interface HashLookupRequest {
  /** USERHASH as received, 32 bytes, the verifier's own to keep. */
  readonly userhash: Buffer;
  readonly realm: string;
}

/** Whom a USERHASH stands for, with the USERNAME behind it. */
export interface HashedUser extends KnownUser {
  readonly username: string;
}

/** Checks credentials. The TURN server knows no more of an approach than this. */
export interface CredentialVerifier {
  /**
   * Never throws, whatever the username holds. The answer may come later: the TURN server lets a bounded number of requests wait for it, and
   * answers 500 when it does not come in time.
   */
  lookup(request: LookupRequest, now: Now): Outcome<Result<KnownUser, LookupFailure>>;
  /** Finds a user by USERHASH, for clients that hide their USERNAME (RFC 8489 §14.4). Absent when some users could not be found by their hash. */
  lookupHash?(request: HashLookupRequest, now: Now): Outcome<Result<HashedUser, LookupFailure>>;
  /** The algorithms under which every user has a key; MD5 alone when absent. */
  readonly keyAlgorithms?: readonly KeyAlgorithm[];
  /**
   * The name under which authorization servers know this TURN server, where requests may bring an ACCESS-TOKEN (RFC 7635): the 401 tells it.
   * Elsewhere that is an attribute which nobody understands: 420.
   */
  readonly accessTokensFor?: string;
}

/** A verifier that needs to ask nobody, and so answers at once. */
export interface LocalVerifier extends CredentialVerifier {
  lookup(request: LookupRequest, now: Now): Result<KnownUser, LookupFailure>;
  lookupHash?(request: HashLookupRequest, now: Now): Result<HashedUser, LookupFailure>;
}
