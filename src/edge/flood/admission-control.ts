import { type AbuseLog } from '../../base/abuse-log.ts';
import { type Clock } from '../../base/clock.ts';
import { LimitedSources } from '../../base/limited-sources.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type AuthenticationFailure, type LimitCause } from '../edge-words.ts';
import { type FloodLimits } from '../edge-options.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { readVerdict } from './core-verdict.ts';
import { FailedLogins } from './failed-logins.ts';
import { hasTooManyProofs, loginName, loginNames, loginProofs } from './login-names.ts';
import { loginKey, Sender } from './sender.ts';

/** A connection that counts wrong passwords of its own, and can be ended for more of them. */
export interface GuardedConnection {
  countAuthenticationFailure(user: string): void;
  forgiveAuthenticationFailures(user: string): void;
  close(cause: 'authentication-failures'): void;
}

export interface AdmissionContext {
  readonly limits: FloodLimits;
  readonly home: HomeDomain;
  readonly clock: Clock;
  readonly events: TypedEvents<EdgeEvents>;
  readonly log: AbuseLog;
  /** The connection that a hop is, while it is open. */
  readonly findGuarded: (hopId: string) => GuardedConnection | undefined;
}

/** Whole seconds for Retry-After, at least 1; `too-many-proofs`: waiting does not mend it. */
export type AdmissionRefusal =
  { readonly kind: 'wait'; readonly retryAfterSec: number } | { readonly kind: 'too-many-proofs' };

/** Failures that are no guesses: the password stays as secret as before, or its sender knows it anyway. */
const GUESSES: ReadonlySet<AuthenticationFailure> = new Set(['unknown-user', 'wrong-password', 'refused-by-core']);

/** The window of `authenticationFailuresPerAddress`. */
const FAILURE_WINDOW_SEC = 600;

/**
 * Who may ask for how much, whatever core is behind the edge: requests by source address and by user, upgrades by source address, and guesses
 * at passwords by address and user. What a single connection may send is the flow's own business. Every table has a fixed size.
 *
 * A user is never shut out on account of what somebody at another address does, nor one user of an address for what was done to another's
 * account from there: REGISTER, which anybody can send in anybody's name, counts by user and address together.
 */
export class AdmissionControl {
  readonly #context: AdmissionContext;
  readonly #sources: LimitedSources;
  readonly #senders = new WeakMap<Hop, Sender>();
  readonly #upgrades: TokenBuckets;
  readonly #messages: TokenBuckets;
  readonly #identities: TokenBuckets;
  readonly #failuresOfSources: TokenBuckets;
  readonly #logins: FailedLogins;

  constructor(context: AdmissionContext) {
    const { limits } = context;
    const maxKeys = limits.sources;
    const buckets = (perSec: number, burst: number): TokenBuckets => new TokenBuckets({ perSec, burst, maxKeys });
    this.#context = context;
    this.#sources = new LimitedSources(limits.exempt);
    this.#upgrades = buckets(limits.handshakesPerSecPerAddress, limits.handshakeBurstPerAddress);
    this.#messages = buckets(limits.messagesPerSecPerAddress, limits.messageBurstPerAddress);
    this.#identities = buckets(limits.requestsPerSecPerIdentity, limits.requestBurstPerIdentity);
    const failures = limits.authenticationFailuresPerAddress;
    this.#failuresOfSources = buckets(failures / FAILURE_WINDOW_SEC, failures);
    this.#logins = new FailedLogins({
      tries: limits.authenticationFailuresPerIdentity,
      maxDelaySec: limits.authenticationDelaySec,
      maxKeys,
    });
  }

  /** Entries of all tables; each is bounded by `sources`. */
  get size(): number {
    const tables = [this.#upgrades, this.#messages, this.#identities, this.#failuresOfSources, this.#logins];
    return tables.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether one more WebSocket may be asked for from here. */
  admitsUpgrade(remoteAddress: string): boolean {
    const source = this.#sources.keyOf(remoteAddress);
    return source === undefined || this.#upgrades.take(source, this.#nowMs) === 0;
  }

  /** Counts one message of a hop, of this `messageCost`, against its source; seconds to wait, 0 when it is welcome. */
  admitMessage(hop: Hop, cost: number): number {
    const waitSec = this.#senderOf(hop)?.takeMessage(this.#nowMs, cost) ?? 0;
    if (waitSec > 0) this.#limited(hop, 'address-message-rate');
    return waitSec;
  }

  /**
   * Counts a request against its user. `account`: the AoR that is registered on the hop, or what stands for one; REGISTER has none yet. ACK and CANCEL do
   * not come here, and a BYE is never one too many: a client that may not hang up keeps more busy than one that may.
   */
  admitRequest(
    request: SipRequest,
    essentials: RequestEssentials,
    hop: Hop,
    account: string,
  ): AdmissionRefusal | undefined {
    const sender = this.#senderOf(hop);
    if (!sender) return undefined;
    const isRegister = request.method === 'REGISTER';
    const waitSec = isRegister
      ? sender.takeLogin(request.headers.derive(this.#nameInTo), this.#nowMs)
      : sender.takeRequest(account, this.#nowMs);
    if (waitSec > 0 && request.method !== 'BYE') return this.#refuse(hop, 'identity-request-rate', waitSec);
    return isRegister ? this.#admitLogin(request, essentials, hop) : undefined;
  }

  /**
   * Follows a REGISTER to a core that tells nobody but the client what it thinks of a password. The try counts as failed until the core answers,
   * so that many at once are no way around the wait. Returns what is to hear of each response; `undefined` when no password is tried.
   */
  watchLogin(
    request: SipRequest,
    essentials: RequestEssentials,
    hop: Hop,
  ): ((response: SipResponse) => void) | undefined {
    const { home } = this.#context;
    const proofs = hop.kind === 'wic' ? loginProofs(request) : [];
    if (proofs.length === 0 || hasTooManyProofs(request)) return undefined;
    const names = loginNames(proofs, essentials.to.uri, home);
    const keys = names.flatMap((name) => this.#loginKey(hop, name) ?? []);
    for (const key of keys) this.#logins.count(key, this.#nowMs);
    let isSettled = false;
    return (response) => {
      const verdict = readVerdict(response);
      if (verdict === 'none-yet' || isSettled) return;
      isSettled = true;
      if (verdict === 'right') {
        for (const name of names) this.authenticated(hop, name);
      } else if (verdict === 'wrong') {
        const aor = home.aorOfText(essentials.to.uri) ?? '';
        this.#report(hop, aor, 'refused-by-core');
        for (const name of names) this.#guarded(hop)?.countAuthenticationFailure(name);
      } else {
        for (const key of keys) this.#logins.takeBack(key, this.#nowMs);
      }
    };
  }

  /** A core that says so itself has found the password of `user` right. */
  authenticated(hop: Hop, user: string): void {
    // The ordinary case: nobody has guessed of late.
    const key = this.#logins.size === 0 ? undefined : this.#loginKey(hop, loginName(user, this.#context.home));
    if (key !== undefined) this.#logins.forget(key);
    this.#guarded(hop)?.forgiveAuthenticationFailures(user);
  }

  /** A core that says so itself has found the password of `user` wrong. */
  authenticationFailed(hop: Hop, aor: string, user: string, cause: AuthenticationFailure): void {
    const key = this.#loginKey(hop, loginName(user, this.#context.home));
    if (key !== undefined && GUESSES.has(cause)) this.#logins.count(key, this.#nowMs);
    this.#report(hop, aor, cause);
    this.#guarded(hop)?.countAuthenticationFailure(user);
  }

  #admitLogin(request: SipRequest, essentials: RequestEssentials, hop: Hop): AdmissionRefusal | undefined {
    if (hasTooManyProofs(request)) return { kind: 'too-many-proofs' };
    // The ordinary case: nobody has guessed of late, and nothing needs to be read.
    if (this.#logins.size === 0) return undefined;
    for (const name of loginNames(loginProofs(request), essentials.to.uri, this.#context.home)) {
      const key = this.#loginKey(hop, name);
      const waitSec = key === undefined ? 0 : this.#logins.waitSec(key, this.#nowMs);
      if (waitSec > 0) return this.#refuse(hop, 'authentication-delay', waitSec);
    }
    return undefined;
  }

  #report(hop: Hop, aor: string, cause: AuthenticationFailure): void {
    const { log, events } = this.#context;
    log.write('authentication failed', { remoteAddress: hop.remoteAddress, cause, aor, flowId: hop.id }, this.#nowMs);
    events.emit('authentication-failed', { flowId: hop.id, aor, cause });
    const source = GUESSES.has(cause) ? this.#senderOf(hop)?.source : undefined;
    if (source === undefined || this.#failuresOfSources.take(source, this.#nowMs) === 0) return;
    this.#limited(hop, 'address-authentication-failures');
    this.#guarded(hop)?.close('authentication-failures');
  }

  #guarded(hop: Hop): GuardedConnection | undefined {
    return this.#context.findGuarded(hop.id);
  }

  #refuse(hop: Hop, cause: LimitCause, retryAfterSec: number): AdmissionRefusal {
    this.#limited(hop, cause);
    return { kind: 'wait', retryAfterSec };
  }

  #limited(hop: Hop, cause: LimitCause): void {
    const { log, events } = this.#context;
    log.write('limit reached', { remoteAddress: hop.remoteAddress, cause, flowId: hop.id }, this.#nowMs);
    events.emit('limited', { flowId: hop.id, cause });
  }

  /** Whom a REGISTER is for, as logins are counted, for `SipHeaders.derive`. */
  readonly #nameInTo = (headers: SipHeaders): string => {
    const { home } = this.#context;
    return loginName(home.aorInTo(headers) ?? uriInTo(headers), home);
  };

  #loginKey(hop: Hop, name: string): string | undefined {
    const source = this.#senderOf(hop)?.source;
    return source === undefined ? undefined : loginKey(source, name);
  }

  /** `undefined` for a core. */
  #senderOf(hop: Hop): Sender | undefined {
    if (hop.kind !== 'wic') return undefined;
    let sender = this.#senders.get(hop);
    if (!sender) {
      sender = new Sender(this.#sources.keyOf(hop.remoteAddress), this.#messages, this.#identities);
      this.#senders.set(hop, sender);
    }
    return sender;
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}

function uriInTo(headers: SipHeaders): string {
  const to = parseNameAddr(headers.get('To') ?? '');
  return to.ok ? to.value.uri : '';
}
