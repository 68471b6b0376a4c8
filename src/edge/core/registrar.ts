import { type Now } from '../../base/clock.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { createResponse } from '../../sip/create-response.ts';
import { parseContacts } from '../../sip/contact.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { supportsOption } from '../../sip/option-tags.ts';
import { quote } from '../../sip/params.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type RegistrationOptions } from '../edge-options.ts';
import { type Hop } from '../hop.ts';
import { addressInTo } from '../registration/identity.ts';
import { registrationIdOf } from '../registration/registration-id.ts';
import { type Binding } from './binding.ts';
import { BindingTable } from './binding-table.ts';
import { DateText } from './date-text.ts';
import { type CoreObserver } from './core-observer.ts';
import { type Gruus } from './gruus.ts';
import { isOutOfOrder, type PlannedBinding, planRegister, type RegisterRefusal } from './plan-register.ts';

const REFUSAL_STATUS = {
  'malformed-contact': [400, 'Bad Request (malformed contact)'],
  'wildcard-without-expires-0': [400, 'Bad Request (wildcard contact needs Expires 0)'],
  'contact-scheme': [400, 'Bad Request (contact is no SIP URI)'],
  'too-brief': [423, 'Interval Too Brief'],
  'out-of-order': [500, 'CSeq Out Of Order'],
  'too-many-contacts': [480, 'Temporarily Unavailable (too many contacts)'],
} as const satisfies Record<RegisterRefusal, readonly [number, string]>;

const ROUNDING_MS = 0.001;

/** An authenticated REGISTER. */
export interface AuthenticatedRegister {
  readonly request: SipRequest;
  readonly essentials: RequestEssentials;
  readonly aor: string;
  readonly hop: Hop;
}

/** RFC 3261 §10.3 from step 6 on, over the bindings of RFC 5626. */
export class Registrar {
  readonly #options: RegistrationOptions;
  readonly #observer: CoreObserver;
  readonly #gruus: Gruus;
  readonly #dates = new DateText();
  readonly bindings: BindingTable;

  constructor(options: RegistrationOptions, timers: TimerQueue, observer: CoreObserver, gruus: Gruus) {
    this.#options = options;
    this.#observer = observer;
    this.#gruus = gruus;
    this.bindings = new BindingTable(timers, gruus);
  }

  register(register: AuthenticatedRegister, now: Now): SipResponse {
    const { request, essentials, aor, hop } = register;
    const existing = this.bindings.of(aor, now.monotonicMs);
    const repeated = this.#repeat(register, existing, now);
    if (repeated) return repeated;
    const plan = planRegister(request, essentials, existing, this.#options);
    if (!plan.ok) return this.#refuse(register, plan.reason, existing, now);

    for (const binding of plan.value.remove) {
      this.bindings.remove(binding);
      if (binding.hop !== hop) this.#observer.bindingRemoved(binding.registrationId);
    }
    for (const binding of plan.value.displaced) {
      this.bindings.remove(binding);
      this.#observer.bindingRemoved(binding.registrationId);
    }
    const address = request.headers.derive(addressInTo);
    for (const { key, contact, expiresSec } of plan.value.put) {
      this.bindings.put({
        aor,
        address,
        key,
        registrationId: existing.find((binding) => binding.key === key)?.registrationId ?? registrationIdOf(aor, key),
        contact,
        hop,
        callId: essentials.callId,
        cseq: essentials.cseq.sequence,
        expiresAtMs: now.monotonicMs + expiresSec * 1000,
      });
    }
    return this.#accept(register, plan.value.put, now);
  }

  /** The ordinary case: the only device of a user says what it said before, over the same flow. There is nothing to plan, and the answer stands ready. */
  #repeat(
    { request, essentials, hop }: AuthenticatedRegister,
    [binding, another]: readonly Binding[],
    now: Now,
  ): SipResponse | undefined {
    const { headers } = request;
    if (!headers.areRepeated || !binding?.repetition || another || binding.hop !== hop) return undefined;
    const { asked, expiresSec, answer } = binding.repetition;
    if (asked !== parseContacts(headers) || isOutOfOrder(binding, essentials)) return undefined;
    this.bindings.repeat(binding, essentials.cseq.sequence, now.monotonicMs + expiresSec * 1000);
    const response = createResponse(request, 200);
    if (answer) for (const field of answer) response.headers.appendField(field);
    else this.#addAnswer(response.headers, headers, [binding], now.monotonicMs);
    response.headers.append('Date', this.#dates.format(now.unixMs));
    return response;
  }

  #refuse(
    { request, hop }: AuthenticatedRegister,
    refusal: RegisterRefusal,
    existing: readonly Binding[],
    now: Now,
  ): SipResponse {
    const [status, reason] = REFUSAL_STATUS[refusal];
    const response = createResponse(request, status, { reason });
    if (refusal === 'too-brief') response.headers.append('Min-Expires', String(this.#options.minExpiresSec));
    if (refusal === 'too-many-contacts') {
      this.#observer.tooManyContacts(hop);
      response.headers.append('Retry-After', String(secondsUntilRoom(existing, now.monotonicMs)));
    }
    return response;
  }

  #accept({ request, aor }: AuthenticatedRegister, put: readonly PlannedBinding[], now: Now): SipResponse {
    const response = createResponse(request, 200);
    const current = this.bindings.of(aor, now.monotonicMs);
    const added = response.headers.count;
    const hasGruus = this.#addAnswer(response.headers, request.headers, current, now.monotonicMs);
    const [binding, another] = current;
    const [planned] = put;
    if (request.headers.areRepeated && binding && !another && binding.key === planned?.key) {
      const answer = hasGruus ? undefined : response.headers.fields.slice(added);
      const asked = parseContacts(request.headers);
      this.bindings.keepRepetition(binding, { asked, expiresSec: planned.expiresSec, answer });
    }
    response.headers.append('Date', this.#dates.format(now.unixMs));
    return response;
  }

  /**
   * Step 8: every current binding with the seconds it has left; one field line for each, since clients parse that best. Returns whether there are temporary
   * GRUUs among them.
   */
  #addAnswer(headers: SipHeaders, asked: SipHeaders, current: readonly Binding[], nowMs: number): boolean {
    const wantsGruus = supportsOption(asked, 'gruu');
    let hasGruus = false;
    for (const binding of current) {
      const gruus = wantsGruus ? this.#formatGruus(binding) : '';
      headers.append('Contact', `${binding.contact.listed};expires=${secondsLeft(binding, nowMs)}${gruus}`);
      hasGruus ||= gruus !== '';
    }
    if (supportsOption(asked, 'outbound')) {
      headers.append('Supported', 'outbound, path');
      // RFC 5626 §6: tells the client that its reg-id was understood.
      if (current.some(({ contact }) => contact.regId !== undefined)) headers.append('Require', 'outbound');
    }
    return hasGruus;
  }

  /** RFC 5627 §5.2: parameters of a Contact; empty for a device without a temporary GRUU. */
  #formatGruus({ aor, address, contact: { instanceId } }: Binding): string {
    const temporary = instanceId === undefined ? undefined : this.#gruus.temporaryOf({ aor, instanceId });
    if (instanceId === undefined || temporary === undefined) return '';
    return `;pub-gruu=${quote(this.#gruus.publicOf(address, instanceId))};temp-gruu=${quote(temporary)}`;
  }
}

/** Whole seconds. A sum of fractions can be a trifle too large, which is none of them. */
function secondsLeft({ expiresAtMs }: Binding, nowMs: number): number {
  return Math.ceil((expiresAtMs - nowMs - ROUNDING_MS) / 1000);
}

/** Until the first of the bindings that take the room ends by itself. */
function secondsUntilRoom(bindings: readonly Binding[], nowMs: number): number {
  return Math.max(1, Math.ceil((Math.min(...bindings.map(({ expiresAtMs }) => expiresAtMs)) - nowMs) / 1000));
}
