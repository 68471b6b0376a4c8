import { type Now } from '../../../base/clock.ts';
import { opaqueString } from '../../../base/opaque-string.ts';
import { isLater, mapOutcome, type Outcome } from '../../../base/outcome.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import {
  type CandidateKey,
  type CredentialVerifier,
  type KeyAlgorithm,
  type LookupFailure,
} from '../../../credentials/credential.ts';
import { accessToken } from '../../../stun/attributes/rfc7635.ts';
import {
  messageIntegrity,
  messageIntegritySha256,
  nonce,
  realm,
  userhash,
  username,
} from '../../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { checkIntegrity, integrityAttribute, type IntegrityAlgorithm } from '../../../stun/integrity.ts';
import { type StunMessage } from '../../../stun/message.ts';
import { chooseAlgorithm } from './choose-algorithm.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type Nonces } from './nonces.ts';
import { type Realms } from './realms.ts';
import { type SecurityFeatures } from './security-features.ts';
import { type DropReason } from '../observe/tally.ts';
import { type AuthenticationCause } from '../observe/turn-words.ts';

/*
 * The long-term credential mechanism of RFC 8489 §9.2 for TURN requests. Who can forge what:
 * - The integrity attribute is keyed by a hash of username ":" realm ":" password, so only one who knows the password (or Km, from which it
 *   is made) can form a request or an answer that verifies.
 * - A client of RFC 8489 is offered SHA-256 for that hash. Who takes the offer away on the path, or what the client chose of it, is found out
 *   by the client from the nonce, or here from the offer that comes back (§9.2.1). A client of RFC 5389 knows of no offer.
 * - The nonce is bound to the client's transport address. A recorded request can be replayed from that address within the nonce's
 *   lifetime; it then repeats what its author asked for, on the author's own 5-tuple.
 * - With an access token (RFC 7635) the key is the session key that the token holds, encrypted. Who knows K, the key that a kid names, can form a token
 *   for anybody; who sees a token on the path has not its session key.
 * - Indications and ChannelData are not authenticated (RFC 8656 §5): who can send from a client's address can send data as that client,
 *   towards the peers that the client permitted.
 */

/** A request as it arrived, well-formed and nothing more. */
export interface IncomingRequest {
  readonly client: ClientPath;
  readonly message: StunMessage;
  readonly now: Now;
}

/** What an allocation tells of who asks about it. */
export interface KnownAuthor {
  readonly credential: Credential;
  /** A nonce with which its client has authenticated on this very path, in the realm of the credential. */
  readonly nonce: string | undefined;
}

/** The credential that verified a request: what the answer is keyed with and what the allocation remembers. */
export interface Credential {
  /** u, the user: a request of another user gets 441. */
  readonly user: string;
  /** Whom quotas count: the same for all u of one person where the verifier can tell, else `user`. Never told to anybody. */
  readonly person: string;
  /** The USERNAME as received. */
  readonly username: string;
  /** t, the end of the credential in UNIX seconds; `undefined`: it does not end. */
  readonly expiresAtSec: number | undefined;
  /** Whether allocations end with the credential, whatever the expiry policy. */
  readonly endsAllocations: boolean;
  /** Whether the credential does not say whose it is. */
  readonly namesNoHolder: boolean;
  readonly keyId: string;
  readonly realm: string;
  /** The USERHASH, when the request has it instead of USERNAME. */
  readonly userhash: Buffer | undefined;
  readonly algorithm: KeyAlgorithm;
  /** The long-term key by that algorithm, never the password (RFC 8656 §6); or the session key of an access token (RFC 7635 §5). */
  readonly key: Buffer;
}

const proof = Symbol('authenticated');

/** Only `authenticate` makes one: a handler that takes this type cannot be reached without a valid integrity attribute. */
export interface AuthenticatedRequest extends IncomingRequest {
  readonly [proof]: true;
  readonly credential: Credential;
  /** The algorithm that the request was signed with. Its answer is signed with the same. */
  readonly integrity: IntegrityAlgorithm;
}

export interface AuthenticationFailure {
  readonly code: number;
  readonly cause: AuthenticationCause;
  readonly username: string | undefined;
}

export type Authentication =
  | { readonly ok: true; readonly request: AuthenticatedRequest }
  | { readonly ok: false; readonly failure: AuthenticationFailure };

/** An authentication whose name is still to be looked up. `later` begins that, for `kept`: the same request, valid for as long as it takes. */
export interface DeferredAuthentication {
  readonly later: (kept: IncomingRequest, settle: (authentication: Authentication) => void) => void;
}

export interface AuthenticationPorts {
  readonly realms: Realms;
  readonly nonces: Nonces;
  readonly verifier: CredentialVerifier;
  readonly features: SecurityFeatures;
  /** Runs what a late answer of the verifier brings about, as if it had come in just now. */
  readonly resume: (run: (now: Now) => DropReason | undefined) => void;
}

/**
 * The checks of RFC 8489 §9.2.4, with the nonce before the key: it costs one MAC, and no lookup is made for a source that did not receive
 * an answer of ours. `author` is what the live allocation tells that the request is about. The key of its credential is tried first and without a lookup, so what
 * its end means for a live allocation is the expiry policy's to say and not the verifier's. `sibling` is another path of the same client, whose
 * nonce is as good.
 */
export function authenticate(
  request: IncomingRequest,
  author: KnownAuthor | undefined,
  { realms, nonces, verifier, features }: AuthenticationPorts,
  sibling?: ClientPath,
): Authentication | DeferredAuthentication {
  const { message, client, now } = request;
  const name = message.get(username);
  const integrity = integrityOf(message);

  // 1. Without MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256: tell what is needed.
  if (integrity === undefined) return failed(ErrorCode.Unauthenticated, 'no-credentials', name);

  // 2. With one that cannot be right, which is known before anything is hashed: no usage of TURN truncates it (§14.6).
  if (message.get(integrityAttribute(integrity)) === undefined) {
    return failed(ErrorCode.BadRequest, 'malformed-integrity', name);
  }

  // 3. With it, but without what it is computed from.
  const hash = name === undefined ? message.get(userhash) : undefined;
  const theirRealm = message.get(realm);
  const theirNonce = message.get(nonce);
  if ((name === undefined && hash === undefined) || theirRealm === undefined || theirNonce === undefined) {
    return failed(ErrorCode.BadRequest, 'incomplete-credentials', name);
  }

  // 4. A nonce of ours, for this client and realm, and young enough.
  const ourRealm = realms.of(message, client);
  const known = author?.credential;
  const proven = known?.realm === ourRealm ? author?.nonce : undefined;
  let nonceCheck = nonces.check(theirNonce, client, ourRealm, now, proven);
  if (nonceCheck === 'foreign' && sibling) nonceCheck = nonces.check(theirNonce, sibling, ourRealm, now);
  if (nonceCheck !== 'valid') return failed(ErrorCode.StaleNonce, `${nonceCheck}-nonce`, name);

  // 5. Our realm.
  if (theirRealm !== ourRealm && opaqueString(theirRealm) !== ourRealm) {
    return failed(ErrorCode.Unauthenticated, 'wrong-realm', name);
  }

  // 6. What we offered, and a choice of it; or neither.
  const algorithm = chooseAlgorithm(message, features);
  if (algorithm === 'bid-down') return failed(ErrorCode.BadRequest, algorithm, name);
  if (algorithm === 'weak-algorithm') return failed(ErrorCode.Unauthenticated, algorithm, name);

  // 7. The key this allocation was last used with.
  if (known?.realm === ourRealm && known.algorithm === algorithm && isSameName(known, name, hash)) {
    if (checkIntegrity(message, known.key, integrity) === 'valid') return passed(request, known, integrity);
  }

  // 8. A name that stands for somebody, now.
  const ownHash = hash && Buffer.from(hash);
  const found = lookup(verifier, { name, hash: ownHash, realm: ourRealm, message }, now);
  const claim = { name, hash: ownHash, realm: ourRealm, realms, algorithm, integrity, preferredKeyId: known?.keyId };
  if (!isLater(found)) return prove(request, claim, found);
  return {
    later: (kept, settle) => {
      found.later((late) => {
        settle(prove(kept, claim, late));
      });
    },
  };
}

/** What a request says of itself, and what it is to be proved with. */
interface Claim {
  readonly name: string | undefined;
  readonly hash: Buffer | undefined;
  readonly realm: string;
  readonly realms: Realms;
  readonly algorithm: KeyAlgorithm;
  readonly integrity: IntegrityAlgorithm;
  readonly preferredKeyId: string | undefined;
}

/** Step 9: one of the keys that the name could have. */
function prove(request: IncomingRequest, claim: Claim, found: Result<FoundUser, LookupFailure>): Authentication {
  const { name, hash, realm, realms, algorithm, integrity, preferredKeyId } = claim;
  if (!found.ok) {
    const code = found.reason === 'unavailable' ? ErrorCode.ServerError : ErrorCode.Unauthenticated;
    return failed(code, found.reason, name);
  }
  const { user, username, expiresAtSec, endsAllocations = false, namesNoHolder = false, keys } = found.value;
  for (const candidate of preferring(preferredKeyId, keys)) {
    const key = candidate.integrityKey(algorithm);
    if (!key || checkIntegrity(request.message, key, integrity) !== 'valid') continue;
    const credential = {
      user: realms.userIn(realm, user),
      person: realms.userIn(realm, candidate.person?.() ?? user),
      username,
      expiresAtSec,
      endsAllocations,
      namesNoHolder,
      keyId: candidate.keyId,
      realm,
      userhash: hash,
      algorithm,
      key,
    };
    return passed(request, credential, integrity);
  }
  return failed(ErrorCode.Unauthenticated, 'wrong-key-or-password', name);
}

/** The stronger where both came: MESSAGE-INTEGRITY-SHA256 covers MESSAGE-INTEGRITY, and one that is wrong is not made good by the other. */
function integrityOf(message: StunMessage): IntegrityAlgorithm | undefined {
  if (message.has(messageIntegritySha256)) return 'sha256';
  return message.has(messageIntegrity) ? 'sha1' : undefined;
}

function isSameName(known: Credential, name: string | undefined, hash: Buffer | undefined): boolean {
  if (hash) return known.userhash?.equals(hash) ?? false;
  return known.username === name;
}

/** The user of a request, found by USERNAME or by USERHASH. */
interface FoundUser {
  readonly user: string;
  readonly username: string;
  readonly expiresAtSec?: number | undefined;
  readonly endsAllocations?: boolean | undefined;
  readonly namesNoHolder?: boolean | undefined;
  readonly keys: readonly CandidateKey[];
}

function lookup(
  verifier: CredentialVerifier,
  {
    name,
    hash,
    realm,
    message,
  }: { name: string | undefined; hash: Buffer | undefined; realm: string; message: StunMessage },
  now: Now,
): Outcome<Result<FoundUser, LookupFailure>> {
  if (name === undefined) {
    return (hash && verifier.lookupHash?.({ userhash: hash, realm }, now)) ?? fail('unknown-user');
  }
  const token = message.get(accessToken);
  const request = token ? { username: name, realm, accessToken: Buffer.from(token) } : { username: name, realm };
  return mapOutcome(verifier.lookup(request, now), (found) => {
    if (!found.ok) return found;
    const { user, expiresAtSec, endsAllocations, namesNoHolder, keys } = found.value;
    return ok({ user, expiresAtSec, endsAllocations, namesNoHolder, keys, username: name });
  });
}

function preferring(keyId: string | undefined, keys: readonly CandidateKey[]): readonly CandidateKey[] {
  if (keyId === undefined || keys[0]?.keyId === keyId) return keys;
  return [...keys.filter((key) => key.keyId === keyId), ...keys.filter((key) => key.keyId !== keyId)];
}

function passed(
  { client, message, now }: IncomingRequest,
  credential: Credential,
  integrity: IntegrityAlgorithm,
): Authentication {
  return { ok: true, request: { [proof]: true, client, message, now, credential, integrity } };
}

function failed(code: number, cause: AuthenticationCause, name: string | undefined): Authentication {
  return { ok: false, failure: { code, cause, username: name } };
}
