import { type Clock } from '../base/clock.ts';
import { type Later } from '../base/outcome.ts';
import { type TimerHandle, type TimerQueue } from '../base/timer-queue.ts';
import { type Hop } from './hop.ts';

/** Milliseconds that a request or an answer may wait for an outcome: well within the 32 s (64 × T1) after which a client gives its request up. */
export const OUTCOME_DEADLINE_MS = 5000;

export interface PendingOutcomesContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  /** Runs a callback and survives its mistakes. */
  readonly run: (work: () => void) => void;
}

/**
 * What clients wait for that others have not answered yet. There is no more of it than there are transactions, whose number is limited; each ends by its
 * deadline, or with its flow.
 */
export class PendingOutcomes {
  readonly #context: PendingOutcomesContext;
  readonly #timers = new Map<Hop, Set<TimerHandle>>();

  constructor(context: PendingOutcomesContext) {
    this.#context = context;
  }

  /** The outcome, bounded by the deadline: `tooLate` gives the value when none comes in time. Does not settle when the flow is gone by then. */
  bounded<T>(pending: Later<T>, hop: Hop, tooLate: () => T): Later<T> {
    const { clock, timers, run } = this.#context;
    return {
      later: (settle) => {
        const timer = timers.schedule(clock.now().monotonicMs + OUTCOME_DEADLINE_MS, () => {
          if (this.#forget(hop, timer)) settle(tooLate());
        });
        this.#timers.set(hop, (this.#timers.get(hop) ?? new Set()).add(timer));
        pending.later((value) => {
          run(() => {
            if (!this.#forget(hop, timer)) return;
            timers.cancel(timer);
            settle(value);
          });
        });
      },
    };
  }

  /** Drops all that a flow waits for. */
  drop(hop: Hop): void {
    for (const timer of this.#timers.get(hop) ?? []) this.#context.timers.cancel(timer);
    this.#timers.delete(hop);
  }

  /** Forgets an entry. Returns false when it has ended already. */
  #forget(hop: Hop, timer: TimerHandle): boolean {
    const ofHop = this.#timers.get(hop);
    if (!ofHop?.delete(timer)) return false;
    if (ofHop.size === 0) this.#timers.delete(hop);
    return true;
  }
}
