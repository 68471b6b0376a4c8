import { type IssueFailure } from '../../base/issue-failure.ts';
import { type Mutable } from '../../base/mutable.ts';
import { isLater, mapOutcome, type Outcome } from '../../base/outcome.ts';
import { type LimitedLog } from '../../base/limited-log.ts';
import { fail, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import {
  type AccessTokenCredential,
  type AccessTokenIssuer,
  type CredentialIssuer,
  type IssueRequest,
  type TurnCredential,
} from '../../credentials/credential.ts';
import { type SipResponse } from '../../sip/message.ts';
import {
  appendCredential,
  appendCredentialError,
  type CredentialFields,
  type CredentialRequest,
  type UnusableCredentialRequest,
} from '../../sip/turn-credential.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type CredentialRefusal } from '../edge-words.ts';
import { type CredentialOptions } from '../edge-options.ts';
import { type Hop } from '../hop.ts';
import { OUTCOME_DEADLINE_MS, PendingOutcomes, type PendingOutcomesContext } from '../pending-outcomes.ts';
import { personOf } from '../registration/person.ts';
import { type Registration } from '../registration/registration.ts';
import { AnswerOrder } from './answer-order.ts';

/** A credential of either kind. */
type AnyCredential = TurnCredential | AccessTokenCredential;
type Issued = Result<AnyCredential, IssueFailure>;

/** What a WIC asked for with TURN-Cred-Req. */
export type CredentialAsk = CredentialRequest | UnusableCredentialRequest;

export type Insertion =
  | { readonly kind: 'issued' }
  | { readonly kind: 'refused' }
  /** There was nothing to insert. */
  | { readonly kind: 'none' }
  /** The user asks too often, and may ask again after this time. */
  | { readonly kind: 'limited'; readonly retryAfterSec: number };

const NONE: Insertion = { kind: 'none' };

export interface CredentialInsertionContext extends PendingOutcomesContext {
  readonly limitedLog: LimitedLog;
  readonly options: CredentialOptions;
  /** How many users have a rate of their own. */
  readonly maxUsers: number;
  /** When to ask again, in seconds, after a refusal by the issuer's own quota or while it does not work. */
  readonly retryAfterSec: number;
  readonly issuer: CredentialIssuer | undefined;
  readonly tokenIssuer: AccessTokenIssuer | undefined;
  readonly events: TypedEvents<EdgeEvents>;
}

/** Steps 7 and 8 of figure 6.3.3-1: makes a credential for a registration and writes it, or why there is none, into a response. */
export class CredentialInsertion {
  readonly #context: CredentialInsertionContext;
  /** By person: a new connection, device or address-of-record brings no new allowance. */
  readonly #rates: TokenBuckets;
  readonly #pending: PendingOutcomes;
  readonly #order = new AnswerOrder();

  constructor(context: CredentialInsertionContext) {
    this.#context = context;
    const { burst, intervalSec } = context.options;
    this.#rates = new TokenBuckets({ burst, perSec: 1 / intervalSec, maxKeys: context.maxUsers });
    this.#pending = new PendingOutcomes(context);
  }

  /** Later where the issuer is slow: `response` is complete, and may leave, once the outcome is known. */
  insert(
    response: SipResponse,
    ask: CredentialAsk,
    registration: Registration,
    via: 'REGISTER' | 'OPTIONS',
  ): Outcome<Insertion> {
    return this.#order.inTurn(registration.hop, this.#insert(response, ask, registration, via));
  }

  /** For an answer without a credential, which overtakes none that waits for its own. */
  insertNothing(hop: Hop): Outcome<Insertion> {
    return this.#order.inTurn(hop, NONE);
  }

  flowClosed(hop: Hop): void {
    this.#pending.drop(hop);
  }

  #insert(
    response: SipResponse,
    ask: CredentialAsk,
    registration: Registration,
    via: 'REGISTER' | 'OPTIONS',
  ): Outcome<Insertion> {
    const { clock, retryAfterSec } = this.#context;
    const refuse = (error: IssueFailure, cause: CredentialRefusal): Insertion => {
      this.refused(registration.hop, cause, via);
      const again = error === 'unavailable' ? { retryAfterSec } : {};
      appendCredentialError(response.headers, { error, ...again }, ask.spelling);
      return { kind: 'refused' };
    };
    const limit = (waitSec: number, cause: CredentialRefusal): Insertion => {
      this.refused(registration.hop, cause, via);
      appendCredentialError(response.headers, { error: 'quota', retryAfterSec: waitSec }, ask.spelling);
      return { kind: 'limited', retryAfterSec: waitSec };
    };
    if (ask.kind !== 'turn' && ask.kind !== 'oauth') return refuse('unsupported', ask.kind);
    const issuer = this.#issuerOf(ask);
    if (!issuer) return refuse('unsupported', 'unsupported');
    const { hop, registrationId, grantedExpiresSec, webLogin } = registration;
    if (!hop.secure) return refuse('insecure', 'insecure');
    const now = clock.now();
    const person = personOf(registration);
    const waitSec = this.#rates.take(person, now.monotonicMs);
    if (waitSec > 0) {
      this.#context.events.emit('limited', { flowId: hop.id, cause: 'credential-rate' });
      return limit(waitSec, 'limited');
    }
    const complete = (issued: Issued, unixMs: number): Insertion => {
      if (!issued.ok) {
        return issued.reason === 'quota' ? limit(retryAfterSec, 'quota') : refuse(issued.reason, issued.reason);
      }
      this.#append(response, issued.value, ask, unixMs);
      this.#issued(registration, issued.value, via);
      return { kind: 'issued' };
    };
    const wanted: Mutable<IssueRequest> = { registrationId, person, grantedExpiresSec };
    if (ask.ttlSec !== undefined) wanted.wishedTtlSec = ask.ttlSec;
    if (webLogin) wanted.notAfterSec = webLogin.expiresAtSec;
    const issued: Outcome<Issued> = issuer.issue(wanted, now);
    if (!isLater(issued)) return complete(issued, now.unixMs);
    const waited = this.#pending.bounded(issued, hop, () => this.#tooLate(hop));
    return mapOutcome(waited, (late) => complete(late, clock.now().unixMs));
  }

  refused(hop: Hop, cause: CredentialRefusal, via: 'REGISTER' | 'OPTIONS'): void {
    this.#context.events.emit('credential-refused', { flowId: hop.id, cause, via });
  }

  #tooLate({ id: flowId }: Hop): Issued {
    const { limitedLog, clock } = this.#context;
    const fields = { flowId, cause: 'issue-timeout', waitedMs: OUTCOME_DEADLINE_MS };
    limitedLog.warn('issue-timeout', fields, 'no TURN credential in time', clock.now().monotonicMs);
    return fail('unavailable');
  }

  #issuerOf({ kind }: CredentialRequest): CredentialIssuer | AccessTokenIssuer | undefined {
    return kind === 'oauth' ? this.#context.tokenIssuer : this.#context.issuer;
  }

  #append(response: SipResponse, credential: AnyCredential, ask: CredentialAsk, unixMs: number): void {
    const { headers: form, uris, realm } = this.#context.options;
    const ttlSec = Math.max(0, credential.expiresAtSec - Math.floor(unixMs / 1000));
    const given: CredentialFields = 'token' in credential ? tokenFields(credential) : credential;
    const { name, username, password, expiresAtSec, kid, token } = given;
    const fields: Mutable<CredentialFields> = { name, username, password, expiresAtSec, ttlSec, uris };
    fields.realm = given.realm ?? realm;
    if (kid !== undefined) fields.kid = kid;
    if (token !== undefined) fields.token = token;
    appendCredential(response.headers, fields, { form, spelling: ask.spelling });
  }

  #issued({ aor, registrationId, hop }: Registration, credential: AnyCredential, via: 'REGISTER' | 'OPTIONS'): void {
    const { expiresAtSec } = credential;
    const [kind, name] =
      'token' in credential ? (['oauth', credential.user] as const) : (['turn', credential.name] as const);
    const flowId = hop.id;
    this.#context.events.emit('credential-issued', { flowId, aor, registrationId, name, expiresAtSec, via, kind });
  }
}

/** A token in the fields of any credential: the kid is its name, and the session key its password. */
function tokenFields({ kid, key, token, expiresAtSec }: AccessTokenCredential): CredentialFields {
  const text = new Secret(token.toString('base64'));
  return { name: kid, username: kid, password: key, expiresAtSec, kid, token: text };
}
