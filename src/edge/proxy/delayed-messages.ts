import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Hop } from '../hop.ts';
import { HopIndex } from './hop-index.ts';

/** Messages that are held back on purpose. None outlives the hop it is for. */
export class DelayedMessages {
  readonly #timers: TimerQueue;
  readonly #maxCount: number;
  readonly #byHop = new HopIndex<TimerHandle>();
  #count = 0;

  /** Past `maxCount`, over all hops, a message is lost instead of kept. */
  constructor(timers: TimerQueue, maxCount: number) {
    this.#timers = timers;
    this.#maxCount = maxCount;
  }

  add(hop: Hop, dueMs: number, send: () => void): void {
    if (this.#count >= this.#maxCount) return;
    const timer = this.#timers.schedule(dueMs, () => {
      this.#forget(hop, timer);
      send();
    });
    this.#byHop.add(hop, timer);
    this.#count += 1;
  }

  /** The hop is gone. */
  drop(hop: Hop): void {
    for (const timer of this.#byHop.of(hop)) {
      this.#timers.cancel(timer);
      this.#forget(hop, timer);
    }
  }

  #forget(hop: Hop, timer: TimerHandle): void {
    this.#byHop.delete(hop, timer);
    this.#count -= 1;
  }
}
