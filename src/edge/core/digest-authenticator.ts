import { randomBytes } from 'node:crypto';
import { Secret } from '../../base/secret.ts';
import { formatChallenge, ha1, parseAuthorization, verifyDigest, type DigestAuthorization } from '../../sip/digest.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { sameSipUri } from '../../sip/uri-equality.ts';
import { type AuthenticationFailure } from '../edge-words.ts';
import { type DigestOptions } from '../edge-options.ts';
import { type UserDirectory } from '../user-directory.ts';
import { NonceMint } from './nonce.ts';
import { NonceCounts } from './nonce-counts.ts';

export type AuthenticationOutcome =
  | { readonly kind: 'authenticated' }
  /** 401. `failure` is absent when the request simply brought no credentials. */
  | { readonly kind: 'challenge'; readonly stale: boolean; readonly failure?: FailedProof<AuthenticationFailure> }
  /** The digest is right, what it was used for is not: 403 or 400. */
  | { readonly kind: 'refused'; readonly failure: FailedProof<'other-identity' | 'uri-mismatch'> };

export interface FailedProof<Cause extends AuthenticationFailure> {
  readonly cause: Cause;
  /** Whose password was to be proven; the claimed user when the credentials do not say. */
  readonly user: string;
}

/** The user that a request claims, and the flow it came over. */
export interface ClaimedIdentity {
  /** User part of the address-of-record. */
  readonly user: string;
  readonly domain: string;
  readonly flowId: string;
}

/** SIP digest of RFC 3261 §22 with the algorithms of RFC 8760 and the replay rules of RFC 7616. Always with qop and cnonce. */
export class DigestAuthenticator {
  readonly #options: DigestOptions;
  readonly #users: UserDirectory;
  readonly #realm: string;
  readonly #nonces: NonceMint;
  readonly #counts: NonceCounts;
  /** Stands in for the password of a user that does not exist, so that both cases take the same work. */
  readonly #nobody = new Secret(randomBytes(16));

  constructor(options: DigestOptions, users: UserDirectory, realm: string) {
    this.#options = options;
    this.#users = users;
    this.#realm = realm;
    this.#nonces = new NonceMint(options.nonceLifetimeSec);
    this.#counts = new NonceCounts({ capacity: options.nonces, lifetimeSec: options.nonceLifetimeSec });
  }

  authenticate(request: SipRequest, claimed: ClaimedIdentity, nowMs: number): AuthenticationOutcome {
    const found = this.#findCredentials(request);
    if (found === undefined) return { kind: 'challenge', stale: false };
    if (typeof found === 'string') return challenge(found, claimed.user);
    const user = userOfName(found.username, claimed.domain);
    const { qop } = found;
    if (!qop) return challenge('malformed', user);
    const failure = this.#checkProof(found, request.method, user);
    if (failure) return challenge(failure, user);

    // From here on the client knows the password; what is wrong is told only to it.
    const nonce = this.#nonces.check(found.nonce, claimed.flowId, nowMs);
    if (nonce.kind === 'foreign') return challenge('foreign-nonce', user, true);
    if (nonce.kind === 'expired') return { kind: 'challenge', stale: true };
    if (!namesSameUri(found.uri, request.uri)) return { kind: 'refused', failure: { cause: 'uri-mismatch', user } };
    if (!this.#counts.accept(found.nonce, nonce.issuedAtMs, qop.nonceCount, nowMs)) {
      return challenge('replayed', user, true);
    }
    return user === claimed.user
      ? { kind: 'authenticated' }
      : { kind: 'refused', failure: { cause: 'other-identity', user } };
  }

  /** One challenge per algorithm, all with one nonce, in the configured order: clients take the last they know. */
  addChallenges(response: SipResponse, flowId: string, stale: boolean, nowMs: number): void {
    const nonce = this.#nonces.issue(flowId, nowMs);
    for (const algorithm of this.#options.algorithms) {
      const challenge = { realm: this.#realm, nonce, algorithm, qop: ['auth'], stale };
      response.headers.append('WWW-Authenticate', formatChallenge(challenge));
    }
  }

  /** The first Digest credentials for this realm; others may be meant for other servers (RFC 3261 §22.3). */
  #findCredentials(request: SipRequest): DigestAuthorization | AuthenticationFailure | undefined {
    let failure: AuthenticationFailure | undefined;
    for (const value of request.headers.getAll('Authorization')) {
      const parsed = parseAuthorization(value);
      if (!parsed.ok) {
        failure ??= parsed.reason === 'unsupported-algorithm' ? 'algorithm' : 'malformed';
        continue;
      }
      const { realm, response, algorithm } = parsed.value;
      // TS 24.229 §5.1.1.2.2: an IMS client's first REGISTER names itself in Authorization and proves nothing yet.
      if (response === '') continue;
      if (realm !== this.#realm) failure ??= 'wrong-realm';
      else if (!this.#options.algorithms.some((offered) => offered === algorithm)) failure ??= 'algorithm';
      else return parsed.value;
    }
    return failure;
  }

  #checkProof(found: DigestAuthorization, method: string, user: string): 'unknown-user' | 'wrong-password' | undefined {
    const known = this.#users.passwordOf(user);
    const { algorithm, username } = found;
    const a1 = ha1({ algorithm, username, realm: this.#realm, password: known ?? this.#nobody });
    const proven = verifyDigest(found, method, a1);
    if (!known) return 'unknown-user';
    return proven ? undefined : 'wrong-password';
  }
}

function challenge(cause: AuthenticationFailure, user: string, stale = false): AuthenticationOutcome {
  return { kind: 'challenge', stale, failure: { cause, user } };
}

/** `alice`, or the private identity `alice@domain` that IMS clients use. */
function userOfName(username: string, domain: string): string {
  const suffix = `@${domain}`;
  return username.endsWith(suffix) ? username.slice(0, -suffix.length) : username;
}

function namesSameUri(digestUri: string, requestUri: string): boolean {
  if (digestUri === requestUri) return true;
  const a = parseSipUri(digestUri);
  const b = parseSipUri(requestUri);
  return a.ok && b.ok && sameSipUri(a.value, b.value);
}
