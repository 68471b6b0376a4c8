import { AgeMap } from '../../core/age-map.ts';
import { type Clock } from '../../core/clock.ts';
import { type TimerHandle, type TimerQueue } from '../../core/timer-queue.ts';
import { parseContacts, parseDeltaSeconds } from '../../sip/contact.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { addressOfRecord, parseSipUri } from '../../sip/uri.ts';
import { type UnregisteredCause } from '../edge-events.ts';
import { type Hop } from '../flow/hop.ts';
import { bindingKey, registrationIdOf, supportsOutbound } from './registration-id.ts';

/** One device of one user, as the edge learnt it from a successful REGISTER. */
export interface Registration {
  readonly registrationId: string;
  readonly aor: string;
  readonly contactUri: string;
  readonly hop: Hop;
  /** Monotonic milliseconds. */
  readonly expiresAtMs: number;
  /** Seconds the registrar granted. */
  readonly grantedExpiresSec: number;
}

export interface RegistrationsContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  /** Registrations whose flow has gone that are remembered until their end; beyond it the oldest is let go. */
  readonly maxLapsed: number;
  readonly on: {
    registered(registration: Registration, refresh: boolean): void;
    unregistered(registration: Registration, cause: UnregisteredCause): void;
    /** Nothing of the registration is left: what was issued to it may be taken back. */
    released(registrationId: string): void;
  };
}

interface Stored {
  readonly registration: Registration;
  readonly timer: TimerHandle;
}

/**
 * Who is registered over which flow, read from REGISTER and its 200 as they pass: what the edge needs to know whatever core is behind it.
 *
 * A closed WebSocket ends a registration, yet most clients are back within seconds; what was issued to the device is taken back only when
 * the time granted has passed too.
 */
export class Registrations {
  readonly #context: RegistrationsContext;
  readonly #byId = new Map<string, Stored>();
  readonly #byAor = new Map<string, Set<Registration>>();
  readonly #byHop = new Map<string, Set<Registration>>();
  /** Standing and lapsed registrations by Contact and id, in the order in which the Contact was first claimed. */
  readonly #claims = new Map<string, Map<string, Registration>>();
  readonly #lapsed = new AgeMap<Stored>();

  constructor(context: RegistrationsContext) {
    this.#context = context;
  }

  get all(): Registration[] {
    return [...this.#byId.values()].map(({ registration }) => registration);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Applies a 2xx to REGISTER. Returns the registrations of this request that now stand. */
  applySuccess(request: SipRequest, response: SipResponse, aor: string, hop: Hop): Registration[] {
    const asked = parseContacts(request.headers);
    const granted = parseContacts(response.headers);
    if (!asked.ok || !granted.ok) return [];
    if (asked.value === '*') {
      for (const registration of [...(this.#byAor.get(aor) ?? [])]) this.#end(registration, 'requested');
      return [];
    }
    const outbound = supportsOutbound(request);
    const grants = new Map<string, number | undefined>();
    if (granted.value !== '*') {
      for (const contact of granted.value) grants.set(bindingKey(contact, outbound), contact.expiresSec);
    }
    const headerSec = parseDeltaSeconds(response.headers.get('Expires') ?? '');
    const standing: Registration[] = [];
    for (const contact of asked.value) {
      const key = bindingKey(contact, outbound);
      const registrationId = registrationIdOf(aor, key);
      const grantedExpiresSec = grants.has(key) ? (grants.get(key) ?? headerSec ?? 0) : 0;
      if (grantedExpiresSec > 0 && contact.expiresSec !== 0) {
        standing.push(this.#put({ registrationId, aor, contactUri: contact.uri, hop, grantedExpiresSec }));
      } else {
        this.end(registrationId, 'requested');
      }
    }
    return standing;
  }

  /** A registration of this user on this flow. */
  find(hop: Hop, aor: string): Registration | undefined {
    return this.of(hop).find((registration) => registration.aor === aor);
  }

  of(hop: Hop): Registration[] {
    return [...(this.#byHop.get(hop.id) ?? [])];
  }

  /** A standing registration with this Contact URI, of a user that is `wanted`. Several users may have registered the same. */
  findByContact(uri: string, wanted: (aor: string) => boolean): Registration | undefined {
    const claims = [...(this.#claims.get(contactKey(uri))?.values() ?? [])];
    return claims.find((claim) => wanted(claim.aor) && this.#byId.get(claim.registrationId)?.registration === claim);
  }

  /** The user that registered a Contact first and has not let go of it, or lost it, since; it may be away for the moment. */
  ownerOfContact(uri: string): string | undefined {
    const [first] = this.#claims.get(contactKey(uri))?.values() ?? [];
    return first?.aor;
  }

  /** The user on a flow; when there are several, the one with this Contact. */
  aorAt(hop: Hop, contactUri: string): string | undefined {
    const here = this.of(hop);
    const key = contactKey(contactUri);
    return (here.find((registration) => contactKey(registration.contactUri) === key) ?? here[0])?.aor;
  }

  end(registrationId: string, cause: UnregisteredCause): void {
    const stored = this.#byId.get(registrationId);
    if (stored) this.#end(stored.registration, cause);
    else this.#release(registrationId);
  }

  endFlow(hop: Hop): void {
    for (const registration of this.of(hop)) this.#end(registration, 'flow-closed');
  }

  #put(fields: Omit<Registration, 'expiresAtMs'>): Registration {
    const expiresAtMs = this.#context.clock.now().monotonicMs + fields.grantedExpiresSec * 1000;
    const registration = { ...fields, expiresAtMs };
    const before = this.#byId.get(fields.registrationId);
    if (before) this.#forget(before);
    const timer = this.#context.timers.schedule(expiresAtMs, () => {
      this.#end(registration, 'expired');
    });
    this.#byId.set(registration.registrationId, { registration, timer });
    addTo(this.#byAor, registration.aor, registration);
    addTo(this.#byHop, registration.hop.id, registration);
    this.#claim(registration, before?.registration ?? this.#unlapse(registration.registrationId));
    if (before && before.registration.hop !== registration.hop) {
      this.#context.on.unregistered(before.registration, 'replaced');
      this.#context.on.registered(registration, false);
    } else {
      this.#context.on.registered(registration, before !== undefined);
    }
    return registration;
  }

  #end(registration: Registration, cause: UnregisteredCause): void {
    const stored = this.#byId.get(registration.registrationId);
    if (stored?.registration !== registration) return;
    this.#forget(stored);
    this.#context.on.unregistered(registration, cause);
    if (cause === 'flow-closed') {
      this.#lapse(registration);
    } else {
      this.#unclaim(registration);
      this.#context.on.released(registration.registrationId);
    }
  }

  #forget({ registration, timer }: Stored): void {
    this.#context.timers.cancel(timer);
    this.#byId.delete(registration.registrationId);
    removeFrom(this.#byAor, registration.aor, registration);
    removeFrom(this.#byHop, registration.hop.id, registration);
  }

  #lapse(registration: Registration): void {
    const { registrationId, expiresAtMs } = registration;
    const { oldest } = this.#lapsed;
    if (oldest && this.#lapsed.size >= this.#context.maxLapsed) this.#release(oldest.key);
    const timer = this.#context.timers.schedule(expiresAtMs, () => {
      this.#release(registrationId);
    });
    this.#lapsed.set(registrationId, { registration, timer });
  }

  #unlapse(registrationId: string): Registration | undefined {
    const lapsed = this.#lapsed.get(registrationId);
    if (!lapsed) return undefined;
    this.#context.timers.cancel(lapsed.timer);
    this.#lapsed.delete(registrationId);
    return lapsed.registration;
  }

  #release(registrationId: string): void {
    const registration = this.#unlapse(registrationId);
    if (!registration) return;
    this.#unclaim(registration);
    this.#context.on.released(registrationId);
  }

  /** `before` is the same device until now: its claim keeps its place if the Contact is still the same. */
  #claim(registration: Registration, before: Registration | undefined): void {
    const key = contactKey(registration.contactUri);
    if (before && contactKey(before.contactUri) !== key) this.#unclaim(before);
    const claims = this.#claims.get(key) ?? new Map<string, Registration>();
    this.#claims.set(key, claims.set(registration.registrationId, registration));
  }

  #unclaim({ contactUri, registrationId }: Registration): void {
    const key = contactKey(contactUri);
    const claims = this.#claims.get(key);
    claims?.delete(registrationId);
    if (claims?.size === 0) this.#claims.delete(key);
  }
}

/** User and host: clients add parameters, such as `ob`, to the Contact of a dialog (RFC 5626 §4.3). */
function contactKey(text: string): string {
  const uri = parseSipUri(text);
  return uri.ok ? addressOfRecord(uri.value) : text;
}

function addTo<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key) ?? new Set<V>();
  sets.set(key, set.add(value));
}

function removeFrom<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
