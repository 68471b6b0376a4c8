import { type Clock } from '../../base/clock.ts';
import { isLater, mapOutcome, type Outcome } from '../../base/outcome.ts';
import { ownText } from '../../base/own-text.ts';
import { fail, type Result } from '../../base/result.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { type ForbiddenCause, forbidden } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { PendingOutcomes, type PendingOutcomesContext } from '../pending-outcomes.ts';
import { identityKey } from '../registration/identity.ts';
import { type Registrations } from '../registration/registrations.ts';
import { type WebLogin } from '../registration/web-login.ts';
import { challengeBearer, type ChallengeOptions } from './bearer-challenge.ts';
import { readBearer } from './bearer-field.ts';
import { type BoundTokens, type CheckedToken, hashToken, isSameToken } from './bound-tokens.ts';
import { FlowOrder } from './flow-order.ts';
import { type PoolHolders } from './pool-holders.ts';
import { judgeRegister, type RegisterFacts } from './register-use.ts';
import { type TokenDefect, type TokenMisuse } from './token-defect.ts';
import { judgeUse } from './token-use.ts';
import { type TokenCheck, type VerifiedToken } from './token-verifier.ts';

/** What becomes of a request of a client, as far as web tokens go. */
export type SignInVerdict =
  /** `login`: of a REGISTER, whom its token has proven the client to be. */
  | { readonly kind: 'passed'; readonly login: WebLogin | undefined }
  | { readonly kind: 'refused'; readonly answer: (request: SipRequest) => SipResponse };

export interface WebSignInOptions {
  readonly challenge: ChallengeOptions;
  /** Whether a client without a token may register by digest. */
  readonly allowsDigest: boolean;
  /** Whether each request of a client that has signed in by a token must show it. */
  readonly requiresOnEveryRequest: boolean;
  /** A token that has fewer seconds left makes no registration. */
  readonly minLeftSec: number;
  readonly retryAfterSec: number;
}

export interface WebSignInContext extends PendingOutcomesContext {
  readonly options: WebSignInOptions;
  readonly verifier: TokenCheck;
  readonly bound: BoundTokens;
  readonly poolHolders: PoolHolders;
  readonly registrations: Registrations;
  readonly admission: AdmissionControl;
  readonly home: HomeDomain;
  readonly events: TypedEvents<EdgeEvents>;
  readonly clock: Clock;
}

const PASSED: SignInVerdict = { kind: 'passed', login: undefined };

type Refusal = TokenDefect | TokenMisuse;
type Checked = Result<CheckedToken, Refusal>;

/**
 * Signs clients in by web tokens (registration scenarios 2 and 3 of TS 33.203 X, TS 24.371 §6 and §7.2.1). A REGISTER must show its token; the flow is then
 * bound to it, and the very same bytes are taken from there without another check. No other scheme serves a flow that is bound.
 */
export class WebSignIn {
  readonly #context: WebSignInContext;
  readonly #order = new FlowOrder();
  readonly #pending: PendingOutcomes;

  constructor(context: WebSignInContext) {
    this.#context = context;
    this.#pending = new PendingOutcomes(context);
  }

  /** `hop`: of a client. Later where others have to be asked, or where an earlier request of the flow waits for them. Not for ACK and CANCEL. */
  judge(request: SipRequest, essentials: RequestEssentials, hop: Hop): Outcome<SignInVerdict> {
    return this.#order.inTurn(hop, () => this.#judge(request, essentials, hop));
  }

  /** Drops all checks that are under way for this flow. */
  flowClosed(hop: Hop): void {
    this.#pending.drop(hop);
  }

  #judge(request: SipRequest, essentials: RequestEssentials, hop: Hop): Outcome<SignInVerdict> {
    const isRegister = request.method === 'REGISTER';
    const bound = this.#context.bound.of(hop);
    // Who has not signed in by a token has no use for one but to register.
    if (!bound && !isRegister) return PASSED;
    const field = readBearer(request.headers);
    if (field.kind === 'none') return this.#withoutToken(essentials, isRegister, bound, hop);
    if (field.kind === 'malformed') return this.#refuse('token-malformed', essentials, hop);
    if (!hop.secure) return forbiddenAs('token-insecure');
    if (!bound && this.#context.registrations.count(hop) > 0) return forbiddenAs('other-sign-in');
    const finish = (checked: Checked): SignInVerdict => this.#finish(checked, bound, request, essentials, hop);
    const tokenHash = hashToken(field.token);
    if (bound && isSameToken(bound, tokenHash)) {
      return finish(this.#isOver(bound) ? fail('token-expired') : { ok: true, value: bound });
    }
    return mapOutcome(this.#check(field.token, tokenHash, hop), finish);
  }

  #withoutToken(
    essentials: RequestEssentials,
    isRegister: boolean,
    bound: CheckedToken | undefined,
    hop: Hop,
  ): SignInVerdict {
    const { allowsDigest, requiresOnEveryRequest, challenge } = this.#context.options;
    const isWelcome = isRegister ? !bound && allowsDigest : !requiresOnEveryRequest;
    if (isWelcome) return PASSED;
    if (isRegister) {
      const aor = this.#aorOf(essentials);
      this.#context.events.emit('register-challenged', { flowId: hop.id, aor, stale: false });
    }
    return { kind: 'refused', answer: (request) => challengeBearer(request, challenge, false) };
  }

  #check(token: string, tokenHash: Buffer, hop: Hop): Outcome<Checked> {
    const { verifier, clock } = this.#context;
    const verified = verifier.verify(token, clock.now());
    const waited = isLater(verified)
      ? this.#pending.bounded(verified, hop, () => fail('issuer-unavailable'))
      : verified;
    return mapOutcome<Result<VerifiedToken, TokenDefect>, Checked>(waited, (result) => {
      if (!result.ok) return result;
      const use = judgeUse(result.value, hop.origin);
      if (!use.ok) return use;
      const { claims, issuer } = result.value;
      const login: WebLogin = {
        impi: ownText(claims.impi),
        entity: ownText(issuer.entity),
        expiresAtSec: claims.expiresAtSec,
        isPool: use.value.isPool,
      };
      return { ok: true, value: { ...use.value, login, hash: tokenHash } };
    });
  }

  #finish(
    checked: Checked,
    bound: CheckedToken | undefined,
    request: SipRequest,
    essentials: RequestEssentials,
    hop: Hop,
  ): SignInVerdict {
    if (!checked.ok) return this.#refuse(checked.reason, essentials, hop);
    const token = checked.value;
    if (bound && bound.login.impi !== token.login.impi) return this.#refuse('token-identity', essentials, hop);
    if (request.method !== 'REGISTER') {
      if (token !== bound) this.#context.bound.swap(hop, token);
      return PASSED;
    }
    const facts = this.#registerFacts(request, essentials);
    const { monotonicMs } = facts.now;
    if (this.#context.bound.isPromised(hop, token, monotonicMs)) return this.#refuse('token-identity', essentials, hop);
    const defect = judgeRegister(facts, token, this.#context.poolHolders);
    if (defect === 'bad-contact') return badRequest('Contact');
    if (defect !== undefined) return this.#refuse(defect, essentials, hop);
    this.#context.bound.promise(hop, token, monotonicMs);
    return { kind: 'passed', login: token.login };
  }

  #registerFacts(request: SipRequest, { from, to }: RequestEssentials): RegisterFacts {
    const { home, clock, options } = this.#context;
    return {
      request,
      identity: identityKey(to.uri),
      aor: home.aorOfText(to.uri),
      fromAor: home.aorOfText(from.uri),
      now: clock.now(),
      minLeftSec: options.minLeftSec,
    };
  }

  /** The refusal of a token: 401 where another token may serve, 403 where none of its kind would. */
  #refuse(cause: Refusal, essentials: RequestEssentials, hop: Hop): SignInVerdict {
    const { options, events, admission, home } = this.#context;
    const aor = this.#aorOf(essentials);
    if (cause === 'issuer-unavailable') {
      // It says nothing of the client.
      events.emit('authentication-failed', { flowId: hop.id, aor, cause });
      return { kind: 'refused', answer: (request) => tryLater(request, options.retryAfterSec) };
    }
    admission.authenticationFailed(hop, aor, aor === '' ? essentials.to.uri : home.userOf(aor), cause);
    if (isMisuse(cause)) return forbiddenAs(cause);
    return { kind: 'refused', answer: (request) => challengeBearer(request, options.challenge, true) };
  }

  /** Who the request is said to be of; empty for somebody who cannot be a user here. */
  #aorOf({ from }: RequestEssentials): string {
    return this.#context.home.aorOfText(from.uri) ?? '';
  }

  #isOver({ login }: CheckedToken): boolean {
    return login.expiresAtSec * 1000 <= this.#context.clock.now().unixMs;
  }
}

const MISUSES: Readonly<Record<TokenMisuse, true>> = {
  'token-client': true,
  'token-origin': true,
  'token-identity': true,
  'token-pool': true,
  'token-in-use': true,
};

function isMisuse(cause: Refusal): cause is TokenMisuse {
  return Object.hasOwn(MISUSES, cause);
}

function forbiddenAs(cause: ForbiddenCause): SignInVerdict {
  return { kind: 'refused', answer: (request) => forbidden(request, cause) };
}

function badRequest(what: string): SignInVerdict {
  return { kind: 'refused', answer: (request) => createResponse(request, 400, { reason: `Bad Request (${what})` }) };
}

function tryLater(request: SipRequest, retryAfterSec: number): SipResponse {
  const response = createResponse(request, 503);
  response.headers.append('Retry-After', String(retryAfterSec));
  return response;
}
