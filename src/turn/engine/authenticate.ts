import { type Now } from '../../core/clock.ts';
import { type CandidateKey, type CredentialVerifier } from '../../credentials/credential.ts';
import { messageIntegrity } from '../../stun/attributes/message-integrity.ts';
import { nonce } from '../../stun/attributes/nonce.ts';
import { realm } from '../../stun/attributes/realm.ts';
import { username } from '../../stun/attributes/username.ts';
import { ErrorCode } from '../../stun/error-code.ts';
import { checkIntegrity } from '../../stun/integrity.ts';
import { type StunMessage } from '../../stun/message.ts';
import { type ClientPath } from './data-plane.ts';
import { type Nonces } from './nonces.ts';
import { type AuthenticationCause } from './turn-events.ts';

/*
 * The long-term credential mechanism of RFC 8489 §9.2 for TURN requests. Who can forge what:
 * - MESSAGE-INTEGRITY is keyed by MD5(username ":" realm ":" password), so only one who knows the password (or Km, from which it is made)
 *   can form a request or an answer that verifies.
 * - The nonce is bound to the client's transport address. A recorded request can be replayed from that address within the nonce's
 *   lifetime; it then repeats what its author asked for, on the author's own 5-tuple.
 * - Indications and ChannelData are not authenticated (RFC 8656 §5): who can send from a client's address can send data as that client,
 *   towards the peers that the client permitted.
 */

/** A request as it arrived, well-formed and nothing more. */
export interface IncomingRequest {
  readonly client: ClientPath;
  readonly message: StunMessage;
  readonly now: Now;
}

/** The credential that verified a request: what the answer is keyed with and what the allocation remembers. */
export interface Credential {
  /** u: what quotas count and 441 compares. */
  readonly user: string;
  /** USERNAME as received. */
  readonly username: string;
  /** t in UNIX seconds; `undefined` never ends. */
  readonly expiresAtSec: number | undefined;
  readonly keyId: string;
  /** The long-term key; never the password (RFC 8656 §6). */
  readonly key: Buffer;
}

const proof = Symbol('authenticated');

/** Only `authenticate` makes one: a handler that takes this type cannot be reached without a valid MESSAGE-INTEGRITY. */
export interface AuthenticatedRequest extends IncomingRequest {
  readonly [proof]: true;
  readonly credential: Credential;
}

export interface AuthenticationFailure {
  readonly code: number;
  readonly cause: AuthenticationCause;
  readonly username: string | undefined;
}

type Authentication =
  | { readonly ok: true; readonly request: AuthenticatedRequest }
  | { readonly ok: false; readonly failure: AuthenticationFailure };

export interface AuthenticationPorts {
  readonly realm: string;
  readonly nonces: Nonces;
  readonly verifier: CredentialVerifier;
}

/**
 * The checks of RFC 8489 §9.2.4, with the nonce before the key: it costs one MAC, and no lookup is made for a source that did not receive
 * an answer of ours. `known` is the credential of the live allocation on this 5-tuple. Its key is tried first and without a lookup, so what
 * its end means for a live allocation is the expiry policy's to say and not the verifier's.
 */
export function authenticate(
  request: IncomingRequest,
  known: Credential | undefined,
  { realm: ourRealm, nonces, verifier }: AuthenticationPorts,
): Authentication {
  const { message, client, now } = request;
  const name = message.get(username);

  // 1. Without MESSAGE-INTEGRITY: tell what is needed.
  if (!message.has(messageIntegrity)) return failed(ErrorCode.Unauthenticated, 'no-credentials', name);

  // 2. With it, but without what it is computed from.
  const theirRealm = message.get(realm);
  const theirNonce = message.get(nonce);
  if (name === undefined || theirRealm === undefined || theirNonce === undefined) {
    return failed(ErrorCode.BadRequest, 'incomplete-credentials', name);
  }

  // 3. A nonce of ours, for this client, and young enough.
  const nonceCheck = nonces.check(theirNonce, client, now);
  if (nonceCheck !== 'valid') return failed(ErrorCode.StaleNonce, `${nonceCheck}-nonce`, name);

  // 4. Our realm.
  if (theirRealm !== ourRealm) return failed(ErrorCode.Unauthenticated, 'wrong-realm', name);

  // 5. The key this allocation was last used with.
  if (known?.username === name && checkIntegrity(message, known.key) === 'valid') return passed(request, known);

  // 6. A username that stands for somebody, now.
  const found = verifier.lookup({ username: name, realm: theirRealm }, now);
  if (!found.ok) return failed(ErrorCode.Unauthenticated, found.reason, name);

  // 7. One of the keys it could have.
  const { user, expiresAtSec, keys } = found.value;
  for (const candidate of preferring(known?.keyId, keys)) {
    const key = candidate.longTermKey();
    if (checkIntegrity(message, key) !== 'valid') continue;
    return passed(request, { user, username: name, expiresAtSec, keyId: candidate.keyId, key });
  }
  return failed(ErrorCode.Unauthenticated, 'wrong-key-or-password', name);
}

function preferring(keyId: string | undefined, keys: readonly CandidateKey[]): readonly CandidateKey[] {
  if (keyId === undefined || keys[0]?.keyId === keyId) return keys;
  return [...keys.filter((key) => key.keyId === keyId), ...keys.filter((key) => key.keyId !== keyId)];
}

function passed(request: IncomingRequest, credential: Credential): Authentication {
  return { ok: true, request: { ...request, credential, [proof]: true } };
}

function failed(code: number, cause: AuthenticationCause, name: string | undefined): Authentication {
  return { ok: false, failure: { code, cause, username: name } };
}
