import { type Clock } from '../../base/clock.ts';
import { type Logger } from '../../base/logger.ts';
import { type OwnMap, ownText } from '../../base/own-text.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type HostPort } from '../../sip/host-port.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type RegEventEnd, type UnregisteredCause } from '../edge-words.ts';
import { identityKey } from '../registration/identity.ts';
import { type Registration } from '../registration/registration.ts';
import { type RegistrationObserver, type Registrations } from '../registration/registrations.ts';
import { type Dialog, type DialogEnds } from './dialog.ts';
import { followDocument } from './follow-document.ts';
import { answerNotify } from './notify.ts';
import { type ObeyCore } from './obey-core.ts';
import { Subscription, type SubscriptionContext } from './subscription.ts';
import { watchedDevice, type WatchedDevice, type WatchedUser } from './watched-user.ts';

export interface RegistrationWatchContext {
  /** `auto`: a core that knows nothing of reg-event is left alone for an hour; `on`: it is asked for each user. */
  readonly mode: 'auto' | 'on';
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly logger: Logger;
  readonly events: TypedEvents<EdgeEvents>;
  readonly registrations: Registrations;
  readonly obey: ObeyCore;
  /** Sends a SUBSCRIBE to the core. `onFinal` is called once. */
  readonly send: SubscriptionContext['send'];
  /** Where the core reaches this edge; `undefined` while nothing listens. */
  readonly self: () => HostPort | undefined;
}

/** TS 24.229 §5.2.3 */
const EXPIRES_SEC = 600_000;
const REFUSED_MS = 3_600_000;
/** Answers that speak of the core, and not of one of its users. */
const KNOWS_NONE: ReadonlySet<number> = new Set([405, 489, 501]);

interface Subscribed {
  readonly dialog: Dialog;
  readonly user: WatchedUser;
}

/**
 * Follows what a core outside does to the registrations of this edge's users (RFC 3680, TS 24.229 §5.2.3): one subscription for each default identity
 * of which a device is registered here. It begins with the 2xx to a REGISTER, and ends with the last registration.
 */
export class RegistrationWatch implements RegistrationObserver {
  readonly #context: RegistrationWatchContext;
  readonly #users: OwnMap<WatchedUser> = new Map<string, WatchedUser>();
  /** By registration. */
  readonly #userOf: OwnMap<WatchedUser> = new Map<string, WatchedUser>();
  /** By Call-ID. */
  readonly #dialogs: OwnMap<Subscribed> = new Map<string, Subscribed>();
  readonly #stopListening: () => void;
  /** Monotonic milliseconds: until when the core is not asked at all. */
  #unwantedUntilMs = -Infinity;
  /** Until when nothing more is logged of refusals. */
  #quietUntilMs = -Infinity;
  /** Since when the core may have forgotten every subscription. */
  #outageMs = -Infinity;
  #stopped = false;

  constructor(context: RegistrationWatchContext) {
    this.#context = context;
    this.#stopListening = context.events.on('core-up', () => {
      this.#outageMs = this.#nowMs;
    });
  }

  /** Users that are subscribed to, or are about to be. */
  get size(): number {
    return this.#users.size;
  }

  /** Clients are sent elsewhere from here on: what ends is ended, and nothing begins. */
  stop(): void {
    this.#stopped = true;
    this.#stopListening();
  }

  registered(registration: Registration, refresh: boolean): void {
    this.#context.obey.registered(registration);
    if (this.#stopped) return;
    const { registrationId, edgeUri } = registration;
    const key = ownText(registration.identities[0]?.key ?? identityKey(registration.address), registration.aor);
    const before = this.#userOf.get(registrationId);
    const user = this.#users.get(key) ?? (this.#isUnwanted ? undefined : this.#watch(key, registration));
    if (!user) {
      if (before) this.#leave(before, registrationId);
      this.#userOf.delete(registrationId);
      return;
    }
    user.edgeUri = edgeUri;
    const device = watchedDevice(registration, before?.devices.get(registrationId), refresh);
    user.devices.delete(registrationId);
    user.devices.set(registrationId, device);
    this.#userOf.set(registrationId, user);
    if (before && before !== user) this.#leave(before, registrationId);
    this.#ask(user);
  }

  unregistered({ registrationId, hop }: Registration, cause: UnregisteredCause): void {
    // The core has said so in another way.
    if (cause === 'removed') this.#context.obey.part(hop);
    // The client comes back to another edge.
    if (this.#stopped && cause === 'flow-closed') this.released(registrationId);
  }

  released(registrationId: string): void {
    this.#context.obey.released(registrationId);
    const user = this.#userOf.get(registrationId);
    this.#userOf.delete(registrationId);
    if (user) this.#leave(user, registrationId);
  }

  /** Answers a NOTIFY that the core has sent to this edge. */
  readonly answer = (request: SipRequest, essentials: RequestEssentials): SipResponse => {
    const subscribed = this.#dialogs.get(essentials.callId);
    const isOwn = subscribed?.dialog.owns(essentials) === true;
    return answerNotify(request, essentials, isOwn ? subscribed.user.subscription : undefined, (reginfo) => {
      if (subscribed) followDocument(reginfo, subscribed.user, this.#context);
    });
  };

  #watch(key: WatchedUser['key'], { identities, address, edgeUri }: Registration): WatchedUser {
    const listed = parseNameAddr(identities[0]?.value ?? '');
    const identity = ownText(listed.ok ? listed.value.uri : address, address);
    const user: WatchedUser = {
      key,
      identity,
      devices: new Map<string, WatchedDevice>(),
      edgeUri,
      subscription: this.#subscription(() => user),
      confirmedAtMs: -Infinity,
    };
    this.#users.set(key, user);
    return user;
  }

  #subscription(userOf: () => WatchedUser): Subscription {
    const { clock, timers, send } = this.#context;
    return new Subscription({
      clock,
      timers,
      expiresSec: EXPIRES_SEC,
      send,
      ends: () => this.#endsOf(userOf()),
      dialogChanged: (dialog, before) => {
        if (before) this.#dialogs.delete(before.callId);
        if (dialog) this.#dialogs.set(dialog.callId, { dialog, user: userOf() });
      },
      accepted: (expiresSec) => {
        const user = userOf();
        user.confirmedAtMs = this.#nowMs;
        this.#context.events.emit('reg-event-subscribed', { aor: aorOf(user), expiresSec });
      },
      lost: (cause, status) => {
        this.#tellEnd(userOf(), cause, status);
      },
      refused: ({ status }) => {
        this.#refused(userOf(), status);
      },
    });
  }

  /** Subscribes to a user for the first time, anew after a refusal long ago, or once more where the core was away since. */
  #ask(user: WatchedUser): void {
    const nowMs = this.#nowMs;
    const { subscription } = user;
    if (this.#isUnwanted) return;
    if (subscription.phase === 'active') {
      if (user.confirmedAtMs <= this.#outageMs) subscription.fetch();
    } else if (subscription.phase !== 'refused') subscription.start();
    else if (user.confirmedAtMs + REFUSED_MS <= nowMs) {
      user.subscription = this.#subscription(() => user);
      user.subscription.start();
    }
  }

  #refused(user: WatchedUser, status: number): void {
    const { mode, logger } = this.#context;
    this.#tellEnd(user, 'refused', status);
    user.confirmedAtMs = this.#nowMs;
    const isUnknown = KNOWS_NONE.has(status);
    if (isUnknown && mode === 'auto') {
      this.#unwantedUntilMs = this.#nowMs + REFUSED_MS;
      this.#forget(user);
    }
    if (mode === 'auto' && this.#quietUntilMs > this.#nowMs) return;
    this.#quietUntilMs = this.#nowMs + REFUSED_MS;
    const fields = { status, event: 'reg' };
    if (mode === 'on') logger.warn(fields, 'the core refuses SUBSCRIBE: what it ends is not ended here');
    else if (isUnknown) logger.info(fields, 'the core has no reg-event: what it ends is not ended here');
    else logger.warn(fields, 'the core does not let this edge subscribe to a user: what it ends is not ended here');
  }

  /** Until somebody registers once the core may be asked again. */
  #forget(user: WatchedUser): void {
    for (const registrationId of user.devices.keys()) this.#userOf.delete(registrationId);
    this.#users.delete(user.key);
    user.subscription.end();
  }

  #leave(user: WatchedUser, registrationId: string): void {
    const aor = aorOf(user);
    const edgeUri = user.devices.get(registrationId)?.edgeUri;
    user.devices.delete(registrationId);
    if (user.devices.size > 0) {
      if (edgeUri === user.edgeUri) user.edgeUri = [...user.devices.values()].at(-1)?.edgeUri;
      return;
    }
    this.#users.delete(user.key);
    if (user.subscription.end()) this.#context.events.emit('reg-event-ended', { aor, cause: 'unneeded' });
  }

  #endsOf({ identity, edgeUri }: WatchedUser): DialogEnds | undefined {
    const sentBy = this.#context.self();
    if (!sentBy) return undefined;
    return { identity, edgeUri, sentBy };
  }

  #tellEnd(user: WatchedUser, cause: RegEventEnd, status: number | undefined): void {
    this.#context.events.emit('reg-event-ended', { aor: aorOf(user), cause, ...(status !== undefined && { status }) });
  }

  get #isUnwanted(): boolean {
    return this.#unwantedUntilMs > this.#nowMs;
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}

/** The address-of-record of a device of it. */
function aorOf({ devices, key }: WatchedUser): string {
  for (const { claim } of devices.values()) return claim.aor;
  return key;
}
