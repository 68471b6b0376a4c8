import { type Clock } from '../../base/clock.ts';
import { type Mutable } from '../../base/mutable.ts';
import { type OwnMap, type OwnText, ownText } from '../../base/own-text.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Release } from '../../credentials/credential.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type UnregisteredCause } from '../edge-words.ts';
import { type Hop } from '../hop.ts';
import { type Claim, ContactClaims } from './contact-claims.ts';
import { identityKey } from './identity.ts';
import { LapsedRegistrations } from './lapsed-registrations.ts';
import { LastSuccess } from './last-success.ts';
import { type DigestLogin, isSameLogin, type PassedChallenges } from './passed-challenges.ts';
import { contactKey, keysAsked, readAnswer } from './register-answer.ts';
import {
  type ContactFacts,
  createRegistration,
  cseqOf,
  readFacts,
  type RegisterFacts,
  type Registration,
} from './registration.ts';
import { registrationIdOf } from './registration-id.ts';
import { identityFor } from './speak-as.ts';
import { type WebLogin } from './web-login.ts';

export interface RegistrationsContext {
  /** The handle by which flow tokens name a registration. */
  readonly handleOf: (registrationId: string) => string;
  /** Knows who has proven what; absent where nobody asks. */
  readonly challenges?: PassedChallenges | undefined;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  /** Registrations whose flow has gone that are remembered until their end; beyond it the oldest is let go. */
  readonly maxLapsed: number;
  /** How many registrations one flow may have. */
  readonly maxPerFlow: number;
}

/** Hears of registrations as they come and go; of each, what it has a method for. */
export interface RegistrationObserver {
  registered?(registration: Registration, refresh: boolean): void;
  unregistered?(registration: Registration, cause: UnregisteredCause): void;
  /** Nothing of the registration is left, and `how` says what becomes of what was issued to it. */
  released?(registrationId: string, claim: Claim, how: Release): void;
}

/** A device that a request went to, over a hop. */
export interface CalledDevice {
  readonly hop: Hop;
  /** Absent where nobody knows which one is meant but by the Request-URI. */
  readonly device?: { readonly registrationId: string | undefined };
}

/** The place of a registration: a refresh that says anything new puts a newer registration into it. Every refresh moves its timer. */
interface Stored {
  registration: StoredRegistration;
  readonly timer: TimerHandle;
  readonly handle: OwnText;
  /** What the registration was made of; absent where that was more than its one Contact, and where it was amended since. */
  last?: LastSuccess | undefined;
}

/** What a refresh that says nothing new changes. */
type StoredRegistration = Omit<Registration, Changing> & Mutable<Pick<Registration, Changing>>;
type Changing = 'cseq' | 'expiresAtMs';

type ById = OwnMap<Stored>;

/**
 * Who is registered over which flow, read from REGISTER and its 200 as they pass: what the edge needs to know whatever core is behind it.
 *
 * A closed WebSocket ends a registration, yet most clients are back within seconds; what was issued to the device is taken back only when
 * the time granted has passed too.
 */
export class Registrations {
  readonly #context: RegistrationsContext;
  readonly #byId: OwnMap<Stored> = new Map<string, Stored>();
  readonly #byAor: OwnMap<ById> = new Map<string, ById>();
  readonly #byHop: OwnMap<ById> = new Map<string, ById>();
  readonly #byHandle: OwnMap<Stored> = new Map<string, Stored>();
  /** Which device has which Contact, among standing and lapsed registrations. */
  readonly #claims = new ContactClaims();
  readonly #lapsed: LapsedRegistrations;
  readonly #observers: RegistrationObserver[] = [];

  constructor(context: RegistrationsContext) {
    this.#context = context;
    this.#lapsed = new LapsedRegistrations(context.maxLapsed, context.timers, (claim) => {
      this.#release(claim, 'forget');
    });
  }

  /** Observers are told in the order in which they have come. */
  observe(observer: RegistrationObserver): void {
    this.#observers.push(observer);
  }

  get all(): Registration[] {
    return [...this.#byId.values()].map(({ registration }) => registration);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Registrations whose WebSocket is gone and whose client may come back. */
  get lapsed(): Claim[] {
    return this.#lapsed.all;
  }

  /** Applies a 2xx to REGISTER, which was let pass for a web token if there is a `webLogin`. Returns the registrations of this request that now stand. */
  applySuccess(request: SipRequest, response: SipResponse, aor: string, hop: Hop, webLogin?: WebLogin): Registration[] {
    const refreshed = webLogin ? undefined : this.#refresh(request, response, aor, hop);
    if (refreshed) return [refreshed];
    const answer = readAnswer(request, response);
    if (answer === '*') {
      for (const { registration } of [...(this.#byAor.get(aor)?.values() ?? [])]) this.#end(registration, 'requested');
      return [];
    }
    const login = webLogin ? undefined : this.#loginOf(request, aor, hop);
    const facts = readFacts(request, response, { aor, hop, login, webLogin });
    const nowMs = this.#context.clock.now().monotonicMs;
    const standing: Registration[] = [];
    const isAlone = answer.length === 1;
    for (const { contact, key, grantedExpiresSec } of answer) {
      const registrationId = registrationIdOf(aor, key);
      const expiresAtMs = nowMs + grantedExpiresSec * 1000;
      if (grantedExpiresSec === 0) this.end(registrationId, 'requested');
      else if (this.#hasRoom(registrationId, hop)) {
        const stored = this.#put(facts, { registrationId, contact, grantedExpiresSec, expiresAtMs });
        stored.last = isAlone && request.headers.areRepeated ? new LastSuccess(request, response) : undefined;
        standing.push(stored.registration);
      }
    }
    return standing;
  }

  /** What a REGISTER and its 2xx say once more stands as it is, and ends later. That is nearly all that there is to do: clients refresh over and over. */
  #refresh(request: SipRequest, response: SipResponse, aor: string, hop: Hop): Registration | undefined {
    if (!request.headers.areRepeated) return undefined;
    for (const { registration, timer, last } of this.#on(hop)) {
      if (!last?.isRepeatedBy(request, response)) continue;
      if (!isSameLogin(this.#loginOf(request, aor, hop), registration.login)) return undefined;
      registration.cseq = cseqOf(request);
      registration.expiresAtMs = this.#context.clock.now().monotonicMs + registration.grantedExpiresSec * 1000;
      this.#context.timers.reschedule(timer, registration.expiresAtMs);
      this.#tellRegistered(registration, true);
      return registration;
    }
    return undefined;
  }

  /** The registrar has thrown the user out: what the client has registered on this flow with the Contacts of `request` ends. */
  applyRejection(request: SipRequest, aor: string, hop: Hop): void {
    for (const key of keysAsked(request)) {
      const stored = this.#byId.get(registrationIdOf(aor, key));
      if (stored?.registration.hop === hop) this.#end(stored.registration, 'removed');
    }
  }

  /** The registrations on a flow, as a copy. The methods below only look and copy nothing. */
  of(hop: Hop): Registration[] {
    return Array.from(this.#on(hop), ({ registration }) => registration);
  }

  count(hop: Hop): number {
    return this.#byHop.get(hop.id)?.size ?? 0;
  }

  isOn(hop: Hop, registrationId: string): boolean {
    return this.#byHop.get(hop.id)?.has(registrationId) ?? false;
  }

  /** The oldest registration on a flow. */
  first(hop: Hop): Registration | undefined {
    const [first] = this.#on(hop);
    return first?.registration;
  }

  /** A standing registration with this Contact URI, of a user that is `wanted`. Several users may have registered the same. */
  findByContact(uri: string, wanted: (aor: string) => boolean): Registration | undefined {
    for (const { registrationId, aor } of this.#claims.of(contactKey(uri))) {
      const stored = wanted(aor) ? this.#byId.get(registrationId) : undefined;
      if (stored) return stored.registration;
    }
    return undefined;
  }

  /** The user that registered a Contact first and has not let go of it, or lost it, since; it may be away for the moment. */
  ownerOfContact(uri: string): string | undefined {
    const [first] = this.#claims.of(contactKey(uri));
    return first?.aor;
  }

  /** The registration on a flow; when there are several, the one with this Contact. */
  at(hop: Hop, contactUri: string): Registration | undefined {
    if (this.count(hop) <= 1) return this.first(hop);
    const key = contactKey(contactUri);
    for (const { registration } of this.#on(hop)) if (registration.claim.contactKey === key) return registration;
    // A public GRUU is the address-of-record with a parameter (RFC 5627 §3.1).
    return this.speaker(hop, contactUri) ?? this.first(hop);
  }

  /** The registration that a request went to: of the device it was for, else the one that its Request-URI names. */
  reached({ hop, device }: CalledDevice, uri: string): Registration | undefined {
    if (!device) return this.at(hop, uri);
    return device.registrationId === undefined ? undefined : this.#byId.get(device.registrationId)?.registration;
  }

  /** The registration on a flow that may speak as this URI. */
  speaker(hop: Hop, uri: string): Registration | undefined {
    const key = identityKey(uri);
    for (const { registration } of this.#on(hop)) {
      if (registration.identities.some((identity) => identity.key === key)) return registration;
    }
    // Seldom, and dearer: the same number in another form, or one of a wildcard.
    for (const { registration } of this.#on(hop)) if (identityFor(uri, registration)) return registration;
    return undefined;
  }

  /** Whether a registration on this flow was last made or refreshed before a time in monotonic milliseconds. */
  hasOlderThan(sinceMs: number, hop: Hop): boolean {
    for (const { registration } of this.#on(hop)) {
      const { expiresAtMs, grantedExpiresSec } = registration;
      if (expiresAtMs - grantedExpiresSec * 1000 < sinceMs) return true;
    }
    return false;
  }

  /** A standing registration by the handle that flow tokens have. */
  findByHandle(handle: string): Registration | undefined {
    return this.#byHandle.get(handle)?.registration;
  }

  /** A standing registration by its id. */
  find(registrationId: string): Registration | undefined {
    return this.#byId.get(registrationId)?.registration;
  }

  /** Whether a registration stands or is remembered as lapsed. */
  has(registrationId: string): boolean {
    return this.#byId.has(registrationId) || this.#lapsed.has(registrationId);
  }

  end(registrationId: string, cause: UnregisteredCause): void {
    const stored = this.#byId.get(registrationId);
    if (stored) this.#end(stored.registration, cause);
    else this.#endLapsed(registrationId, 'revoke');
  }

  /** What the registrar has said of a standing registration since: it ends at another time, or its client may speak as others. */
  amend(registrationId: string, change: Partial<Pick<Registration, 'identities' | 'expiresAtMs'>>): void {
    const stored = this.#byId.get(registrationId);
    if (!stored) return;
    stored.last = undefined;
    this.#replace(stored, { ...stored.registration, ...change });
  }

  /** A registration whose flow is gone is gone as well; one whose client is back by now stands. */
  endLapsed(registrationId: string): void {
    this.#endLapsed(registrationId, 'forget');
  }

  endFlow(hop: Hop): void {
    for (const registration of this.of(hop)) this.#end(registration, 'flow-closed');
  }

  #on(hop: Hop): Iterable<Stored> {
    return this.#byHop.get(hop.id)?.values() ?? [];
  }

  /** REGISTERs are refused before that; those under way at the same time do not know of one another. */
  #hasRoom(registrationId: string, hop: Hop): boolean {
    return this.count(hop) < this.#context.maxPerFlow || this.isOn(hop, registrationId);
  }

  /** A refresh that the core asked for no proof of, or for the same once more, leaves it at who has proven to be here before. */
  #loginOf(request: SipRequest, aor: string, hop: Hop): DigestLogin | undefined {
    const { challenges } = this.#context;
    const proven = challenges?.loginOf(request, aor, hop);
    if (proven) return proven;
    if (!challenges) return undefined;
    for (const { registration } of this.#on(hop)) {
      const { login } = registration;
      if (login && registration.aor === aor) return challenges.namesNobodyBut(login, request) ? login : undefined;
    }
    return undefined;
  }

  #put(facts: RegisterFacts, ofContact: ContactFacts): Stored {
    const { registrationId } = ofContact;
    const known = this.#byId.get(registrationId);
    const before = known?.registration;
    const registration = createRegistration(facts, ofContact, before);
    if (known) this.#replace(known, registration);
    const stored = known ?? this.#add(registration);
    if (!before) this.#claims.add(registration.claim, this.#lapsed.take(registrationId));
    else if (registration.claim !== before.claim) this.#claims.add(registration.claim, before.claim);
    if (before && before.hop !== registration.hop) {
      this.#tellUnregistered(before, 'replaced');
      this.#tellRegistered(registration, false);
    } else {
      this.#tellRegistered(registration, before !== undefined);
    }
    return stored;
  }

  #add(registration: Registration): Stored {
    const { registrationId, aor, hop, expiresAtMs } = registration;
    const timer = this.#context.timers.schedule(expiresAtMs, () => {
      this.#end(stored.registration, 'expired');
    });
    const stored: Stored = { registration, timer, handle: ownText(this.#context.handleOf(registrationId)) };
    this.#byId.set(registrationId, stored);
    this.#byHandle.set(stored.handle, stored);
    mapIn(this.#byAor, aor).set(registrationId, stored);
    mapIn(this.#byHop, ownText(hop.id)).set(registrationId, stored);
    return stored;
  }

  /** Puts a registration in the place of an older one of the same device and user. Over the same flow it is found as before. */
  #replace(stored: Stored, registration: Registration): void {
    const { hop: hopBefore } = stored.registration;
    const { registrationId, hop, expiresAtMs } = registration;
    stored.registration = registration;
    this.#context.timers.reschedule(stored.timer, expiresAtMs);
    if (hopBefore === hop) return;
    deleteIn(this.#byHop, hopBefore.id, registrationId);
    mapIn(this.#byHop, ownText(hop.id)).set(registrationId, stored);
  }

  #end(registration: Registration, cause: UnregisteredCause): void {
    const stored = this.#byId.get(registration.registrationId);
    if (stored?.registration !== registration) return;
    this.#forget(stored);
    this.#tellUnregistered(registration, cause);
    if (cause === 'flow-closed') this.#lapsed.add(registration);
    // A client that only failed to refresh may be in a call, or registered at another edge by now.
    else this.#release(registration.claim, cause === 'expired' ? 'forget' : 'revoke');
  }

  #endLapsed(registrationId: string, how: Release): void {
    const claim = this.#lapsed.take(registrationId);
    if (claim) this.#release(claim, how);
  }

  #forget({ registration: { registrationId, aor, hop }, timer, handle }: Stored): void {
    this.#context.timers.cancel(timer);
    this.#byId.delete(registrationId);
    this.#byHandle.delete(handle);
    deleteIn(this.#byAor, aor, registrationId);
    deleteIn(this.#byHop, hop.id, registrationId);
  }

  /** The identity of a web login may be given to somebody else once it is free, so its credentials do not outlive it. */
  #release(claim: Claim, how: Release): void {
    this.#claims.delete(claim);
    const ending = claim.webIdentity ? 'revoke' : how;
    for (const observer of this.#observers) observer.released?.(claim.registrationId, claim, ending);
  }

  #tellRegistered(registration: Registration, refresh: boolean): void {
    for (const observer of this.#observers) observer.registered?.(registration, refresh);
  }

  #tellUnregistered(registration: Registration, cause: UnregisteredCause): void {
    for (const observer of this.#observers) observer.unregistered?.(registration, cause);
  }
}

function mapIn(maps: OwnMap<ById>, key: OwnText): ById {
  const known = maps.get(key);
  if (known) return known;
  const map: ById = new Map<string, Stored>();
  maps.set(key, map);
  return map;
}

function deleteIn(maps: OwnMap<ById>, key: string, registrationId: string): void {
  const map = maps.get(key);
  map?.delete(registrationId);
  if (map?.size === 0) maps.delete(key);
}
