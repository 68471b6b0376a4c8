import { type Clock } from '../../base/clock.ts';
import { type Later } from '../../base/outcome.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Hop } from '../hop.ts';

/** How long a request waits for its token to be checked: well within the 32 s (64 × T1) after which a client gives it up. */
const CHECK_DEADLINE_MS = 5000;

export interface PendingChecksContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  /** Runs what an issuer brings about, and survives its mistakes. */
  readonly run: (work: () => void) => void;
}

/** Tokens that are being checked by others. There are no more than there are transactions, whose number is limited; each ends by its deadline, or with its flow. */
export class PendingChecks {
  readonly #context: PendingChecksContext;
  readonly #timers = new Map<Hop, Set<TimerHandle>>();

  constructor(context: PendingChecksContext) {
    this.#context = context;
  }

  /** What comes of the check, or `instead` if nothing does in time; nothing when the flow is gone by then. */
  bounded<T>(checking: Later<T>, instead: T, hop: Hop): Later<T> {
    const { clock, timers, run } = this.#context;
    return {
      later: (settle) => {
        const timer = timers.schedule(clock.now().monotonicMs + CHECK_DEADLINE_MS, () => {
          if (this.#forget(hop, timer)) settle(instead);
        });
        this.#timers.set(hop, (this.#timers.get(hop) ?? new Set()).add(timer));
        checking.later((value) => {
          run(() => {
            if (!this.#forget(hop, timer)) return;
            timers.cancel(timer);
            settle(value);
          });
        });
      },
    };
  }

  /** Nobody waits for them any more. */
  drop(hop: Hop): void {
    for (const timer of this.#timers.get(hop) ?? []) this.#context.timers.cancel(timer);
    this.#timers.delete(hop);
  }

  /** False when it is over already. */
  #forget(hop: Hop, timer: TimerHandle): boolean {
    const ofHop = this.#timers.get(hop);
    if (!ofHop?.delete(timer)) return false;
    if (ofHop.size === 0) this.#timers.delete(hop);
    return true;
  }
}
