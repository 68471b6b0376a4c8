import { AgeMap } from '../../core/age-map.ts';
import { type Clock } from '../../core/clock.ts';
import { type TimerHandle, type TimerQueue } from '../../core/timer-queue.ts';
import { type Contact } from '../../sip/contact.ts';
import { parseCSeq } from '../../sip/cseq.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type UnregisteredCause } from '../edge-events.ts';
import { type Hop } from '../flow/hop.ts';
import { addressOf, type Identity, identitiesOf, identityKey } from './identity.ts';
import { type DigestLogin, type PassedChallenges } from './passed-challenges.ts';
import { contactKey, keysAsked, readAnswer } from './register-answer.ts';
import { registrationIdOf, supportsOutbound } from './registration-id.ts';

/** One device of one user, as the edge learnt it from a successful REGISTER. */
export interface Registration {
  readonly registrationId: string;
  readonly aor: string;
  /** The same as it may be sent; `aor` is a key for maps. */
  readonly address: string;
  readonly contactUri: string;
  /** As the client sent it. */
  readonly contact: Contact;
  /** Whether the client did outbound (RFC 5626). */
  readonly outbound: boolean;
  /** Who the client may speak as; the default identity first. */
  readonly identities: readonly Identity[];
  /** Route set of its requests outside dialogs (RFC 3608), as the registrar gave it. */
  readonly serviceRoute: readonly string[];
  /** Whom the client has proven to be, on this flow and for this user; absent where the registrar asked for no digest. */
  readonly login: DigestLogin | undefined;
  /** Of the REGISTER that made or refreshed it. */
  readonly callId: string;
  readonly cseq: number;
  readonly hop: Hop;
  /** Monotonic milliseconds. */
  readonly expiresAtMs: number;
  /** Seconds the registrar granted. */
  readonly grantedExpiresSec: number;
}

export interface RegistrationsContext {
  /** By what flow tokens call a registration. */
  readonly handleOf: (registrationId: string) => string;
  /** Knows who has proven what; absent where nobody asks. */
  readonly challenges?: PassedChallenges | undefined;
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

/** Entries of a Service-Route that are kept; a real one has one or two. */
const MAX_SERVICE_ROUTE = 16;

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
  readonly #byHandle = new Map<string, Registration>();
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
    const answer = readAnswer(request, response);
    if (answer === '*') {
      for (const registration of [...(this.#byAor.get(aor) ?? [])]) this.#end(registration, 'requested');
      return [];
    }
    const address = addressOf(request.headers.get('To') ?? '');
    const cseq = parseCSeq(request.headers.get('CSeq') ?? '');
    const shared = {
      aor,
      address,
      callId: request.headers.get('Call-ID') ?? '',
      cseq: cseq.ok ? cseq.value.sequence : 0,
      hop,
      outbound: supportsOutbound(request),
      identities: identitiesOf(address, response.headers),
      serviceRoute: response.headers.getList('Service-Route').slice(0, MAX_SERVICE_ROUTE),
      login: this.#loginOf(request, aor, hop),
    };
    const standing: Registration[] = [];
    for (const { contact, key, grantedExpiresSec } of answer) {
      const registrationId = registrationIdOf(aor, key);
      if (grantedExpiresSec === 0) this.end(registrationId, 'requested');
      else standing.push(this.#put({ ...shared, registrationId, contact, contactUri: contact.uri, grantedExpiresSec }));
    }
    return standing;
  }

  /** The registrar has thrown the user out: what the client has registered on this flow with the Contacts of `request` ends. */
  applyRejection(request: SipRequest, aor: string, hop: Hop): void {
    for (const key of keysAsked(request)) {
      const stored = this.#byId.get(registrationIdOf(aor, key));
      if (stored?.registration.hop === hop) this.#end(stored.registration, 'removed');
    }
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

  /** The registration on a flow; when there are several, the one with this Contact. */
  at(hop: Hop, contactUri: string): Registration | undefined {
    const here = this.of(hop);
    const key = contactKey(contactUri);
    return here.find((registration) => contactKey(registration.contactUri) === key) ?? here[0];
  }

  /** The registration on a flow that may speak as this URI. */
  speaker(hop: Hop, uri: string): Registration | undefined {
    const key = identityKey(uri);
    return this.of(hop).find(({ identities }) => identities.some((identity) => identity.key === key));
  }

  /** Whether one on this flow was made, and not refreshed since, before a time in monotonic milliseconds. */
  hasOlderThan(sinceMs: number, hop: Hop): boolean {
    return this.of(hop).some(({ expiresAtMs, grantedExpiresSec }) => expiresAtMs - grantedExpiresSec * 1000 < sinceMs);
  }

  /** A standing registration by what flow tokens call it. */
  findByHandle(handle: string): Registration | undefined {
    return this.#byHandle.get(handle);
  }

  end(registrationId: string, cause: UnregisteredCause): void {
    const stored = this.#byId.get(registrationId);
    if (stored) this.#end(stored.registration, cause);
    else this.#release(registrationId);
  }

  /** A registration whose flow is gone is gone as well; one whose client is back by now stands. */
  endLapsed(registrationId: string): void {
    this.#release(registrationId);
  }

  endFlow(hop: Hop): void {
    for (const registration of this.of(hop)) this.#end(registration, 'flow-closed');
  }

  /** A refresh that the core asked for no proof of, or for the same once more, leaves it at who has proven to be here before. */
  #loginOf(request: SipRequest, aor: string, hop: Hop): DigestLogin | undefined {
    const { challenges } = this.#context;
    const proven = challenges?.loginOf(request, aor, hop);
    if (proven) return proven;
    const standing = this.of(hop).find((registration) => registration.aor === aor && registration.login)?.login;
    return standing && challenges?.namesNobodyBut(standing, request) ? standing : undefined;
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
    this.#byHandle.set(this.#context.handleOf(registration.registrationId), registration);
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
    this.#byHandle.delete(this.#context.handleOf(registration.registrationId));
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

function addTo<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key) ?? new Set<V>();
  sets.set(key, set.add(value));
}

function removeFrom<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
