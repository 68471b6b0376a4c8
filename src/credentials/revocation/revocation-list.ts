import { type Now } from '../../base/clock.ts';
import { ownText } from '../../base/own-text.ts';
import { type TimerHandle, TimerQueue } from '../../base/timer-queue.ts';
import { type Revocation, type Revocations } from './revocation.ts';

export interface RevocationListOptions {
  /** Names denied at once, at most. Past it the name whose credentials end first is forgotten. */
  readonly max: number;
  /** Hears that a name was forgotten before its end, and so is good again until then. */
  readonly onForgotten?: (entry: Revocation) => void;
}

interface Denied {
  untilSec: number;
  timer: TimerHandle;
}

/**
 * The names denied in this process. A name leaves when its credentials have ended by themselves, by the wall clock and by the time that has really
 * passed: a clock that jumps forth and back makes no name good again.
 */
export class RevocationList implements Revocations {
  readonly #options: RevocationListOptions;
  readonly #denied = new Map<string, Denied>();
  readonly #ends = new TimerQueue();
  /** Whose time was up in the last look at `#ends`. */
  #due: string[] = [];
  readonly #observers = new Set<(entry: Revocation) => void>();

  constructor(options: RevocationListOptions) {
    this.#options = options;
  }

  /** Names denied at the moment, those included whose end has passed since the last revocation. */
  get size(): number {
    return this.#denied.size;
  }

  revoke({ user, untilSec }: Revocation, now: Now): void {
    this.#dropEnded(now);
    const known = this.#denied.get(user);
    if (leftMs(untilSec, now) <= 0 || (known && known.untilSec >= untilSec)) return;
    if (known) {
      known.untilSec = untilSec;
      this.#ends.reschedule(known.timer, now.monotonicMs + leftMs(untilSec, now));
    } else this.#add(ownText(user), untilSec, now);
    for (const hear of [...this.#observers]) hear({ user, untilSec });
  }

  isRevoked(user: string, now: Now): boolean {
    const denied = this.#denied.get(user);
    return denied !== undefined && leftMs(denied.untilSec, now) > 0;
  }

  /** Every name that is denied. */
  all(now: Now): Revocation[] {
    const standing = [...this.#denied].filter(([, { untilSec }]) => leftMs(untilSec, now) > 0);
    return standing.map(([user, { untilSec }]) => ({ user, untilSec }));
  }

  observe(hear: (entry: Revocation) => void): () => void {
    this.#observers.add(hear);
    return () => {
      this.#observers.delete(hear);
    };
  }

  #add(user: string, untilSec: number, now: Now): void {
    if (this.#denied.size >= this.#options.max) this.#forgetFirst();
    this.#denied.set(user, { untilSec, timer: this.#await(user, untilSec, now) });
  }

  #await(user: string, untilSec: number, now: Now): TimerHandle {
    return this.#ends.schedule(now.monotonicMs + leftMs(untilSec, now), () => {
      this.#due.push(user);
    });
  }

  #takeDue(monotonicMs: number): string[] {
    this.#due = [];
    this.#ends.runDue(monotonicMs);
    return this.#due;
  }

  #dropEnded(now: Now): void {
    for (const user of this.#takeDue(now.monotonicMs)) {
      const denied = this.#denied.get(user);
      if (!denied) continue;
      // The wall clock was set back meanwhile: the credential lives as much longer.
      if (leftMs(denied.untilSec, now) > 0) denied.timer = this.#await(user, denied.untilSec, now);
      else this.#denied.delete(user);
    }
  }

  #forgetFirst(): void {
    for (const user of this.#takeDue(this.#ends.nextMs ?? 0)) {
      const denied = this.#denied.get(user);
      if (!denied) continue;
      this.#denied.delete(user);
      this.#options.onForgotten?.({ user, untilSec: denied.untilSec });
    }
  }
}

function leftMs(untilSec: number, { unixMs }: Now): number {
  return untilSec * 1000 - unixMs;
}
