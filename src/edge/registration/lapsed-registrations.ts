import { AgeMap } from '../../base/age-map.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Claim } from './contact-claims.ts';
import { type Registration } from './registration.ts';

interface Lapsed {
  readonly claim: Claim;
  readonly timer: TimerHandle;
}

/**
 * Registrations whose WebSocket is gone, until the time granted has passed. Of each only what is needed to know its device again: no connection
 * and no message is held by it.
 */
export class LapsedRegistrations {
  readonly #byId = new AgeMap<Lapsed>();
  readonly #max: number;
  readonly #timers: TimerQueue;
  readonly #onEnd: (claim: Claim) => void;

  /** Past `max` the oldest is let go. `onEnd`: the time of one has passed, or there is no room for it any more. */
  constructor(max: number, timers: TimerQueue, onEnd: (claim: Claim) => void) {
    this.#max = max;
    this.#timers = timers;
    this.#onEnd = onEnd;
  }

  add({ claim, expiresAtMs }: Registration): void {
    const { oldest } = this.#byId;
    if (oldest && this.#byId.size >= this.#max) this.#end(oldest.value.claim);
    const timer = this.#timers.schedule(expiresAtMs, () => {
      this.#end(claim);
    });
    this.#byId.set(claim.registrationId, { claim, timer });
  }

  /** All lapsed registrations, oldest first. */
  get all(): Claim[] {
    return [...this.#byId.entries()].map(({ value }) => value.claim);
  }

  has(registrationId: string): boolean {
    return this.#byId.has(registrationId);
  }

  /** Takes a lapsed registration out: its device is back, or it is to be forgotten. */
  take(registrationId: string): Claim | undefined {
    const lapsed = this.#byId.get(registrationId);
    if (!lapsed) return undefined;
    this.#timers.cancel(lapsed.timer);
    this.#byId.delete(registrationId);
    return lapsed.claim;
  }

  #end({ registrationId }: Claim): void {
    const claim = this.take(registrationId);
    if (claim) this.#onEnd(claim);
  }
}
