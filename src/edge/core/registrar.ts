import { type Now } from '../../core/clock.ts';
import { type TimerQueue } from '../../core/timer-queue.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { formatNameAddr } from '../../sip/name-addr.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type RegistrationOptions } from '../edge-options.ts';
import { type Hop } from '../flow/hop.ts';
import { registrationIdOf, supportsOutbound } from '../registration/registration-id.ts';
import { type Binding, BindingTable } from './binding-table.ts';
import { type CoreObserver } from './core-observer.ts';
import { planRegister, type RegisterFault } from './plan-register.ts';

const FAULT_STATUS = {
  'malformed-contact': [400, 'Bad Request (malformed contact)'],
  'wildcard-without-expires-0': [400, 'Bad Request (wildcard contact needs Expires 0)'],
  'contact-scheme': [400, 'Bad Request (contact is no SIP URI)'],
  'too-brief': [423, 'Interval Too Brief'],
  'out-of-order': [500, 'CSeq Out Of Order'],
  'too-many-contacts': [403, 'Too Many Contacts'],
} as const satisfies Record<RegisterFault, readonly [number, string]>;

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
  readonly bindings: BindingTable;

  constructor(options: RegistrationOptions, timers: TimerQueue, observer: CoreObserver) {
    this.#options = options;
    this.#observer = observer;
    this.bindings = new BindingTable(timers);
  }

  register(register: AuthenticatedRegister, now: Now): SipResponse {
    const { request, essentials, aor, hop } = register;
    const existing = this.bindings.of(aor, now.monotonicMs);
    const plan = planRegister(request, essentials, existing, this.#options);
    if (!plan.ok) return this.#refuse(register, plan.reason);

    for (const binding of plan.value.remove) {
      this.bindings.remove(binding);
      if (binding.hop !== hop) this.#observer.bindingRemoved(binding.registrationId);
    }
    for (const { key, contact, expiresSec } of plan.value.put) {
      this.bindings.put({
        aor,
        key,
        registrationId: registrationIdOf(aor, key),
        contact,
        hop,
        callId: essentials.callId,
        cseq: essentials.cseq.sequence,
        expiresAtMs: now.monotonicMs + expiresSec * 1000,
      });
    }
    return this.#accept(register, now);
  }

  #refuse({ request, hop }: AuthenticatedRegister, fault: RegisterFault): SipResponse {
    const [status, reason] = FAULT_STATUS[fault];
    const response = createResponse(request, status, { reason });
    if (fault === 'too-brief') response.headers.append('Min-Expires', String(this.#options.minExpiresSec));
    if (fault === 'too-many-contacts') this.#observer.tooManyContacts(hop);
    return response;
  }

  /** Step 8: every current binding with the seconds it has left; one field line for each, since clients parse that best. */
  #accept({ request, aor }: AuthenticatedRegister, now: Now): SipResponse {
    const response = createResponse(request, 200);
    const current = this.bindings.of(aor, now.monotonicMs);
    for (const binding of current) response.headers.append('Contact', formatBinding(binding, now.monotonicMs));
    if (supportsOutbound(request)) {
      response.headers.append('Supported', 'outbound, path');
      // RFC 5626 §6: tells the client that its reg-id was understood.
      if (current.some(({ contact }) => contact.regId !== undefined)) response.headers.append('Require', 'outbound');
    }
    response.headers.append('Date', new Date(now.unixMs).toUTCString());
    return response;
  }
}

/** The client knows its own binding by the parameters it sent, so they go back as they came. */
function formatBinding({ contact, expiresAtMs }: Binding, nowMs: number): string {
  const params = new Map(contact.params);
  params.set('expires', String(Math.ceil((expiresAtMs - nowMs) / 1000)));
  return formatNameAddr({ ...contact, params });
}
