import { type Clock } from '../../base/clock.ts';
import { type OwnMap } from '../../base/own-text.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Registration } from '../registration/registration.ts';
import { type RegistrationObserver, type Registrations } from '../registration/registrations.ts';
import { type BoundTokens } from './bound-tokens.ts';

export interface TokenEndsContext {
  readonly registrations: Registrations;
  readonly bound: BoundTokens;
  readonly clock: Clock;
  readonly timers: TimerQueue;
}

/** Ends a registration with the token that it is based on, whatever time the core has granted, unless the client has shown a newer one. */
export class TokenEnds implements RegistrationObserver {
  readonly #context: TokenEndsContext;
  readonly #timers: OwnMap<TimerHandle> = new Map<string, TimerHandle>();

  constructor(context: TokenEndsContext) {
    this.#context = context;
  }

  registered(registration: Registration): void {
    this.#cancel(registration.registrationId);
    if (registration.webLogin) this.#await(registration, registration.webLogin.expiresAtSec);
  }

  unregistered({ registrationId }: Registration): void {
    this.#cancel(registrationId);
  }

  #await(registration: Registration, expiresAtSec: number): void {
    const { clock, timers } = this.#context;
    const { monotonicMs, unixMs } = clock.now();
    const timer = timers.schedule(monotonicMs + expiresAtSec * 1000 - unixMs, () => {
      this.#end(registration, expiresAtSec);
    });
    this.#timers.set(registration.registrationId, timer);
  }

  #end(registration: Registration, expiresAtSec: number): void {
    const { registrations, bound } = this.#context;
    const { registrationId, hop } = registration;
    this.#timers.delete(registrationId);
    // An answer that came late may have brought another identity onto the flow: the token of one is none of the other.
    const login = bound.of(hop)?.login;
    const newer = login && login.impi === registration.webLogin?.impi ? login.expiresAtSec : expiresAtSec;
    if (newer > expiresAtSec) this.#await(registration, newer);
    else registrations.end(registrationId, 'token-expired');
  }

  #cancel(registrationId: string): void {
    const timer = this.#timers.get(registrationId);
    if (timer) this.#context.timers.cancel(timer);
    this.#timers.delete(registrationId);
  }
}
