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

/** The names denied in this process. Each leaves when its credentials have ended by themselves. */
export class RevocationList implements Revocations {
  readonly #options: RevocationListOptions;
  readonly #ends = new Map<string, TimerHandle>();
  /** Of `#ends`, in UNIX milliseconds: t is a time of the wall clock. */
  readonly #queue = new TimerQueue();
  /** Of the latest revocation. */
  #nowMs = 0;
  readonly #observers = new Set<(entry: Revocation) => void>();

  constructor(options: RevocationListOptions) {
    this.#options = options;
  }

  /** Names denied at the moment, those included whose end has passed since the last revocation. */
  get size(): number {
    return this.#ends.size;
  }

  revoke({ user, untilSec }: Revocation, now: Now): void {
    this.#nowMs = now.unixMs;
    this.#queue.runDue(now.unixMs);
    const endMs = untilSec * 1000;
    const known = this.#ends.get(user);
    if (endMs <= now.unixMs || (known && known.dueMs >= endMs)) return;
    if (known) this.#queue.reschedule(known, endMs);
    else this.#add(ownText(user), endMs);
    for (const hear of [...this.#observers]) hear({ user, untilSec });
  }

  isRevoked(user: string, now: Now): boolean {
    const end = this.#ends.get(user);
    return end !== undefined && end.dueMs > now.unixMs;
  }

  /** Every name that is denied. */
  all(now: Now): Revocation[] {
    const standing = [...this.#ends].filter(([, { dueMs }]) => dueMs > now.unixMs);
    return standing.map(([user, { dueMs }]) => ({ user, untilSec: dueMs / 1000 }));
  }

  observe(hear: (entry: Revocation) => void): () => void {
    this.#observers.add(hear);
    return () => {
      this.#observers.delete(hear);
    };
  }

  #add(user: string, endMs: number): void {
    const { nextMs } = this.#queue;
    if (nextMs !== undefined && this.#ends.size >= this.#options.max) this.#queue.runDue(nextMs);
    const end = this.#queue.schedule(endMs, () => {
      this.#ends.delete(user);
      if (end.dueMs > this.#nowMs) this.#options.onForgotten?.({ user, untilSec: end.dueMs / 1000 });
    });
    this.#ends.set(user, end);
  }
}
