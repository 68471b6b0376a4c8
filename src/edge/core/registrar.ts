import { type Now } from '../../base/clock.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { supportsOption } from '../../sip/option-tags.ts';
import { formatParams } from '../../sip/params.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type RegistrationOptions } from '../edge-options.ts';
import { type Hop } from '../hop.ts';
import { addressInTo } from '../registration/identity.ts';
import { registrationIdOf, supportsOutbound } from '../registration/registration-id.ts';
import { type Binding } from './binding.ts';
import { BindingTable } from './binding-table.ts';
import { type CoreObserver } from './core-observer.ts';
import { type Gruus } from './gruus.ts';
import { planRegister, type RegisterRefusal } from './plan-register.ts';

const REFUSAL_STATUS = {
  'malformed-contact': [400, 'Bad Request (malformed contact)'],
  'wildcard-without-expires-0': [400, 'Bad Request (wildcard contact needs Expires 0)'],
  'contact-scheme': [400, 'Bad Request (contact is no SIP URI)'],
  'too-brief': [423, 'Interval Too Brief'],
  'out-of-order': [500, 'CSeq Out Of Order'],
  'too-many-contacts': [480, 'Temporarily Unavailable (too many contacts)'],
} as const satisfies Record<RegisterRefusal, readonly [number, string]>;

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
    return this.#accept(register, now);
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

  /** Step 8: every current binding with the seconds it has left; one field line for each, since clients parse that best. */
  #accept({ request, aor }: AuthenticatedRegister, now: Now): SipResponse {
    const response = createResponse(request, 200);
    const current = this.bindings.of(aor, now.monotonicMs);
    const wantsGruus = supportsOption(request.headers, 'gruu');
    for (const binding of current) {
      response.headers.append('Contact', this.#formatBinding(binding, wantsGruus, now.monotonicMs));
    }
    if (supportsOutbound(request)) {
      response.headers.append('Supported', 'outbound, path');
      // RFC 5626 §6: tells the client that its reg-id was understood.
      if (current.some(({ contact }) => contact.regId !== undefined)) response.headers.append('Require', 'outbound');
    }
    response.headers.append('Date', new Date(now.unixMs).toUTCString());
    return response;
  }

  /** The client knows its own binding by the parameters it sent, so they go back as they came. GRUUs: RFC 5627 §5.2. */
  #formatBinding({ aor, address, contact, expiresAtMs }: Binding, wantsGruus: boolean, nowMs: number): string {
    const listed = `${contact.listed};expires=${Math.ceil((expiresAtMs - nowMs) / 1000)}`;
    const { instanceId } = contact;
    const temporary = wantsGruus && instanceId !== undefined ? this.#gruus.temporaryOf({ aor, instanceId }) : undefined;
    if (instanceId === undefined || temporary === undefined) return listed;
    const gruus = [
      ['pub-gruu', this.#gruus.publicOf(address, instanceId)],
      ['temp-gruu', temporary],
    ] as const;
    return listed + formatParams(new Map(gruus));
  }
}

/** Until the first of the bindings that take the room ends by itself. */
function secondsUntilRoom(bindings: readonly Binding[], nowMs: number): number {
  return Math.max(1, Math.ceil((Math.min(...bindings.map(({ expiresAtMs }) => expiresAtMs)) - nowMs) / 1000));
}
