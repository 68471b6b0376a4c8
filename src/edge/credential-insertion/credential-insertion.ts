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
  appendCredentialError,
  CredentialForm,
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
type CredentialAsk = CredentialRequest | UnusableCredentialRequest;

export type Insertion =
  | { readonly kind: 'issued' }
  | { readonly kind: 'refused' }
  /** There was nothing to insert. */
  | { readonly kind: 'none' }
  /** The user asks too often, and may ask again after this time. */
  | { readonly kind: 'limited'; readonly retryAfterSec: number };

const NONE: Insertion = { kind: 'none' };
const ISSUED: Insertion = { kind: 'issued' };

/** A 2xx that is to carry a credential. */
export interface CredentialAnswer {
  readonly response: SipResponse;
  readonly ask: CredentialAsk;
  /** Of the client that asks, on the flow that the answer goes to. */
  readonly registration: Registration;
  readonly via: 'REGISTER' | 'OPTIONS';
}

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
  readonly #form: CredentialForm;
  readonly #pending: PendingOutcomes;
  readonly #order = new AnswerOrder();

  constructor(context: CredentialInsertionContext) {
    this.#context = context;
    const { burst, intervalSec, headers: form, realm, uris } = context.options;
    this.#rates = new TokenBuckets({ burst, perSec: 1 / intervalSec, maxKeys: context.maxUsers });
    this.#form = new CredentialForm({ form, realm, uris });
    this.#pending = new PendingOutcomes(context);
  }

  /** Later where the issuer is slow: `response` is complete, and may leave, once the outcome is known. */
  insert(answer: CredentialAnswer): Outcome<Insertion> {
    return this.#order.inTurn(answer.registration.hop, this.#insert(answer));
  }

  /** For an answer without a credential, which overtakes none that waits for its own. */
  insertNothing(hop: Hop): Outcome<Insertion> {
    return this.#order.inTurn(hop, NONE);
  }

  flowClosed(hop: Hop): void {
    this.#pending.drop(hop);
  }

  #insert(answer: CredentialAnswer): Outcome<Insertion> {
    const { ask, registration } = answer;
    if (ask.kind !== 'turn' && ask.kind !== 'oauth') return this.#refuse(answer, 'unsupported', ask.kind);
    const issuer = this.#issuerOf(ask);
    if (!issuer) return this.#refuse(answer, 'unsupported', 'unsupported');
    const { hop, registrationId, grantedExpiresSec, webLogin } = registration;
    if (!hop.secure) return this.#refuse(answer, 'insecure', 'insecure');
    const { clock } = this.#context;
    const now = clock.now();
    const person = personOf(registration);
    const waitSec = this.#rates.take(person, now.monotonicMs);
    if (waitSec > 0) {
      this.#context.events.emit('limited', { flowId: hop.id, cause: 'credential-rate' });
      return this.#limit(answer, waitSec, 'limited');
    }
    const wanted: Mutable<IssueRequest> = { registrationId, person, grantedExpiresSec };
    if (ask.ttlSec !== undefined) wanted.wishedTtlSec = ask.ttlSec;
    if (webLogin) wanted.notAfterSec = webLogin.expiresAtSec;
    const issued: Outcome<Issued> = issuer.issue(wanted, now);
    if (!isLater(issued)) return this.#complete(answer, issued, now.unixMs);
    const waited = this.#pending.bounded(issued, hop, () => this.#tooLate(hop));
    return mapOutcome(waited, (late) => this.#complete(answer, late, clock.now().unixMs));
  }

  #complete(answer: CredentialAnswer, issued: Issued, unixMs: number): Insertion {
    if (issued.ok) {
      const credential = issued.value;
      const fields: CredentialFields = 'token' in credential ? tokenFields(credential) : credential;
      const ttlSec = Math.max(0, credential.expiresAtSec - Math.floor(unixMs / 1000));
      this.#form.append(answer.response.headers, fields, answer.ask.spelling, ttlSec);
      this.#tellIssued(answer, credential);
      return ISSUED;
    }
    return issued.reason === 'quota'
      ? this.#limit(answer, this.#context.retryAfterSec, 'quota')
      : this.#refuse(answer, issued.reason, issued.reason);
  }

  #refuse(
    { response, ask, registration, via }: CredentialAnswer,
    error: IssueFailure,
    cause: CredentialRefusal,
  ): Insertion {
    this.refused(registration.hop, cause, via);
    const again = error === 'unavailable' ? { retryAfterSec: this.#context.retryAfterSec } : {};
    appendCredentialError(response.headers, { error, ...again }, ask.spelling);
    return { kind: 'refused' };
  }

  #limit(
    { response, ask, registration, via }: CredentialAnswer,
    retryAfterSec: number,
    cause: CredentialRefusal,
  ): Insertion {
    this.refused(registration.hop, cause, via);
    appendCredentialError(response.headers, { error: 'quota', retryAfterSec }, ask.spelling);
    return { kind: 'limited', retryAfterSec };
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

  #tellIssued({ registration, via }: CredentialAnswer, credential: AnyCredential): void {
    const { events } = this.#context;
    if (!events.has('credential-issued')) return;
    const { aor, registrationId, hop } = registration;
    const { expiresAtSec } = credential;
    const [kind, name] =
      'token' in credential ? (['oauth', credential.user] as const) : (['turn', credential.name] as const);
    events.emit('credential-issued', { flowId: hop.id, aor, registrationId, name, expiresAtSec, via, kind });
  }
}

/** A token in the fields of any credential: the kid is its name, and the session key its password. */
function tokenFields({ kid, key, token, expiresAtSec }: AccessTokenCredential): CredentialFields {
  const text = new Secret(token.toString('base64'));
  return { name: kid, username: kid, password: key, expiresAtSec, kid, token: text };
}
