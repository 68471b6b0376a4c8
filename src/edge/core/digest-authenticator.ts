import { randomBytes } from 'node:crypto';
import { Secret } from '../../base/secret.ts';
import { type DigestAuthorization, parseAuthorization } from '../../sip/digest-authorization.ts';
import { challengeFormat, type ChallengeFormat } from '../../sip/digest.ts';
import { HeaderField } from '../../sip/header-field.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { sameSipUri } from '../../sip/uri-equality.ts';
import { type AuthenticationFailure } from '../edge-words.ts';
import { type DigestOptions } from '../edge-options.ts';
import { type Hop } from '../hop.ts';
import { type UserDirectory } from '../user-directory.ts';
import { FlowDigest } from './flow-digest.ts';
import { NonceMint } from './nonce.ts';

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
  readonly hop: Hop;
}

const NO_CREDENTIALS: AuthenticationOutcome = { kind: 'challenge', stale: false };
const EXPIRED: AuthenticationOutcome = { kind: 'challenge', stale: true };
const AUTHENTICATED: AuthenticationOutcome = { kind: 'authenticated' };

/** SIP digest of RFC 3261 §22 with the algorithms of RFC 8760 and the replay rules of RFC 7616. Always with qop and cnonce. */
export class DigestAuthenticator {
  readonly #offered: ReadonlySet<string>;
  readonly #users: UserDirectory;
  readonly #realm: string;
  /** What follows the user in the private identity that IMS clients use as name. */
  readonly #ofRealm: string;
  readonly #challenges: readonly ChallengeFormat[];
  readonly #lifetimeMs: number;
  readonly #mint = new NonceMint();
  readonly #flows = new WeakMap<Hop, FlowDigest>();
  /** Stands in for the password of a user that does not exist, so that both cases take the same work. */
  readonly #nobody = new Secret(randomBytes(16));

  constructor(options: DigestOptions, users: UserDirectory, realm: string) {
    this.#offered = new Set(options.algorithms);
    this.#users = users;
    this.#realm = realm;
    this.#ofRealm = `@${realm}`;
    this.#challenges = options.algorithms.map((algorithm) => challengeFormat({ realm, algorithm, qop: ['auth'] }));
    this.#lifetimeMs = options.nonceLifetimeSec * 1000;
  }

  authenticate(request: SipRequest, claimed: ClaimedIdentity, nowMs: number): AuthenticationOutcome {
    const found = this.#findCredentials(request);
    if (found === undefined) return NO_CREDENTIALS;
    if (typeof found === 'string') return challenge(found, claimed.user);
    const user = this.#userOfName(found.username);
    const { qop } = found;
    if (!qop) return challenge('malformed', user);
    const flow = this.#flowOf(claimed.hop);
    const failure = this.#checkProof(found, request.method, user, flow);
    if (failure) return challenge(failure, user);

    // From here on the client knows the password; what is wrong is told only to it.
    const nonce = flow.findNonce(found.nonce);
    if (!nonce) return challenge('foreign-nonce', user, true);
    if (nowMs - nonce.issuedAtMs >= this.#lifetimeMs) return EXPIRED;
    if (!namesSameUri(found.uri, request.uri)) return { kind: 'refused', failure: { cause: 'uri-mismatch', user } };
    if (!flow.acceptCount(nonce, qop.nonceCount)) return challenge('replayed', user, true);
    return user === claimed.user ? AUTHENTICATED : { kind: 'refused', failure: { cause: 'other-identity', user } };
  }

  /** One challenge per algorithm, all with one nonce, in the configured order: clients take the last they know. */
  addChallenges(response: SipResponse, hop: Hop, stale: boolean, nowMs: number): void {
    const nonce = this.#flowOf(hop).issueNonce(nowMs);
    for (const format of this.#challenges) {
      response.headers.appendField(new HeaderField('WWW-Authenticate', 'www-authenticate', format(nonce, stale)));
    }
  }

  #flowOf(hop: Hop): FlowDigest {
    let flow = this.#flows.get(hop);
    if (!flow) this.#flows.set(hop, (flow = new FlowDigest(this.#mint, hop.id)));
    return flow;
  }

  /** The first Digest credentials for this realm; others may be meant for other servers (RFC 3261 §22.3). */
  #findCredentials(request: SipRequest): DigestAuthorization | AuthenticationFailure | undefined {
    let failure: AuthenticationFailure | undefined;
    for (const { key, value } of request.headers.fields) {
      if (key !== 'authorization') continue;
      const parsed = parseAuthorization(value);
      if (!parsed.ok) {
        failure ??= parsed.reason === 'unsupported-algorithm' ? 'algorithm' : 'malformed';
        continue;
      }
      const { realm, response, algorithm } = parsed.value;
      // TS 24.229 §5.1.1.2.2: an IMS client's first REGISTER names itself in Authorization and proves nothing yet.
      if (response === '') continue;
      if (realm !== this.#realm) failure ??= 'wrong-realm';
      else if (!this.#offered.has(algorithm)) failure ??= 'algorithm';
      else return parsed.value;
    }
    return failure;
  }

  #checkProof(
    found: DigestAuthorization,
    method: string,
    user: string,
    flow: FlowDigest,
  ): 'unknown-user' | 'wrong-password' | undefined {
    const known = this.#users.passwordOf(user);
    const isProven = flow.proves(found, method, known ?? this.#nobody);
    if (!known) return 'unknown-user';
    return isProven ? undefined : 'wrong-password';
  }

  /** `alice`, or the private identity `alice@domain` that IMS clients use. */
  #userOfName(username: string): string {
    return username.endsWith(this.#ofRealm) ? username.slice(0, -this.#ofRealm.length) : username;
  }
}

function challenge(cause: AuthenticationFailure, user: string, stale = false): AuthenticationOutcome {
  return { kind: 'challenge', stale, failure: { cause, user } };
}

function namesSameUri(digestUri: string, requestUri: string): boolean {
  if (digestUri === requestUri) return true;
  const a = parseSipUri(digestUri);
  const b = parseSipUri(requestUri);
  return a.ok && b.ok && sameSipUri(a.value, b.value);
}
