import { AgeMap } from '../../core/age-map.ts';
import { type TimerHandle, type TimerQueue } from '../../core/timer-queue.ts';
import { type Claimant } from './contact-claims.ts';
import { type Registration } from './registration.ts';

interface Lapsed extends Claimant {
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

  /** Past `max` the oldest is let go. */
  constructor(max: number, timers: TimerQueue) {
    this.#max = max;
    this.#timers = timers;
  }

  /** `onEnd`: the time has passed, or there is no room for it any more. */
  add({ registrationId, aor, contactKey, expiresAtMs }: Registration, onEnd: (lapsed: Claimant) => void): void {
    const { oldest } = this.#byId;
    if (oldest && this.#byId.size >= this.#max) this.#end(oldest.key, onEnd);
    const timer = this.#timers.schedule(expiresAtMs, () => {
      this.#end(registrationId, onEnd);
    });
    this.#byId.set(registrationId, { registrationId, aor, contactKey, timer });
  }

  /** Its device is back, or nothing is to be left of it. */
  take(registrationId: string): Claimant | undefined {
    const lapsed = this.#byId.get(registrationId);
    if (!lapsed) return undefined;
    this.#timers.cancel(lapsed.timer);
    this.#byId.delete(registrationId);
    return lapsed;
  }

  #end(registrationId: string, onEnd: (lapsed: Claimant) => void): void {
    const lapsed = this.take(registrationId);
    if (lapsed) onEnd(lapsed);
  }
}
