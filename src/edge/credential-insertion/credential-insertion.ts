import { type Clock } from '../../core/clock.ts';
import { TokenBuckets } from '../../core/token-buckets.ts';
import { type TypedEvents } from '../../core/typed-events.ts';
import { type CredentialIssuer, type TurnCredential } from '../../credentials/credential.ts';
import { type SipResponse } from '../../sip/message.ts';
import {
  appendCredential,
  appendCredentialError,
  type CredentialError,
  type CredentialRequest,
  type UnusableCredentialRequest,
} from '../../sip/turn-credential.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type CredentialRefusal } from '../edge-words.ts';
import { type CredentialOptions } from '../edge-options.ts';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';

/** What a WIC asked for with TURN-Cred-Req. */
export type CredentialAsk = CredentialRequest | UnusableCredentialRequest;

export type Insertion =
  | { readonly kind: 'issued' }
  | { readonly kind: 'refused' }
  /** Too often: the client may try again after this time. */
  | { readonly kind: 'limited'; readonly retryAfterSec: number };

export interface CredentialInsertionContext {
  readonly options: CredentialOptions;
  /** Users whose rate is kept at most. */
  readonly maxUsers: number;
  /** Retry-After for a refusal by the issuer's own quota. */
  readonly retryAfterSec: number;
  readonly issuer: CredentialIssuer | undefined;
  readonly clock: Clock;
  readonly events: TypedEvents<EdgeEvents>;
}

/** Steps 7 and 8 of figure 6.3.3-1: makes a credential for a registration and writes it, or why there is none, into a response. */
export class CredentialInsertion {
  readonly #context: CredentialInsertionContext;
  /** By person: a new connection, device or address-of-record brings no new allowance. */
  readonly #rates: TokenBuckets;

  constructor(context: CredentialInsertionContext) {
    this.#context = context;
    const { burst, intervalSec } = context.options;
    this.#rates = new TokenBuckets({ burst, perSec: 1 / intervalSec, maxKeys: context.maxUsers });
  }

  insert(
    response: SipResponse,
    ask: CredentialAsk,
    registration: Registration,
    via: 'REGISTER' | 'OPTIONS',
  ): Insertion {
    const refuse = (error: CredentialError, cause: CredentialRefusal): Insertion => {
      this.refused(registration.hop, cause, via);
      appendCredentialError(response.headers, { error }, ask.spelling);
      return { kind: 'refused' };
    };
    const limit = (retryAfterSec: number, cause: CredentialRefusal): Insertion => {
      this.refused(registration.hop, cause, via);
      appendCredentialError(response.headers, { error: 'quota', retryAfterSec }, ask.spelling);
      return { kind: 'limited', retryAfterSec };
    };
    const { issuer, clock, retryAfterSec } = this.#context;
    if (ask.kind === 'malformed') return refuse('unsupported', 'malformed');
    if (ask.kind !== 'turn' || !issuer) return refuse('unsupported', 'unsupported');
    if (!registration.hop.secure) return refuse('insecure', 'insecure');
    const now = clock.now();
    const person = personOf(registration);
    const waitSec = this.#rates.take(person, now.monotonicMs);
    if (waitSec > 0) {
      this.#context.events.emit('limited', { flowId: registration.hop.id, cause: 'credential-rate' });
      return limit(waitSec, 'limited');
    }
    const { registrationId, grantedExpiresSec } = registration;
    const wish = ask.ttlSec === undefined ? {} : { wishedTtlSec: ask.ttlSec };
    const issued = issuer.issue({ registrationId, person, grantedExpiresSec, ...wish }, now);
    if (!issued.ok) {
      return issued.reason === 'quota' ? limit(retryAfterSec, 'quota') : refuse(issued.reason, issued.reason);
    }
    this.#append(response, issued.value, ask, now.unixMs);
    this.#issued(registration, issued.value, via);
    return { kind: 'issued' };
  }

  refused(hop: Hop, cause: CredentialRefusal, via: 'REGISTER' | 'OPTIONS'): void {
    this.#context.events.emit('credential-refused', { flowId: hop.id, cause, via });
  }

  #append(response: SipResponse, credential: TurnCredential, ask: CredentialAsk, unixMs: number): void {
    const { headers: form, uris, realm } = this.#context.options;
    const ttlSec = Math.max(0, credential.expiresAtSec - Math.floor(unixMs / 1000));
    const fields = { ...credential, realm: credential.realm ?? realm, uris, ttlSec };
    appendCredential(response.headers, fields, { form, spelling: ask.spelling });
  }

  #issued({ aor, registrationId, hop }: Registration, credential: TurnCredential, via: 'REGISTER' | 'OPTIONS'): void {
    const { name, expiresAtSec } = credential;
    this.#context.events.emit('credential-issued', { flowId: hop.id, aor, registrationId, name, expiresAtSec, via });
  }
}

/** The default identity, which all of an implicit registration set share; cores differ in whether case counts in it. */
function personOf({ identities: [first], aor }: Registration): string {
  return (first?.key ?? aor).toLowerCase();
}
