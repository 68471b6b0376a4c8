import { SetMap } from '../../base/set-map.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';

/** Messages that are held back on purpose, by the flow that they are for. None outlives its flow. */
export class DelayedMessages {
  readonly #timers: TimerQueue;
  readonly #maxCount: number;
  readonly #byFlow = new SetMap<string, TimerHandle>();
  #count = 0;

  /** Past `maxCount`, over all flows, a message is lost instead of kept. */
  constructor(timers: TimerQueue, maxCount: number) {
    this.#timers = timers;
    this.#maxCount = maxCount;
  }

  add(flowId: string, dueMs: number, send: () => void): void {
    if (this.#count >= this.#maxCount) return;
    const timer = this.#timers.schedule(dueMs, () => {
      this.#forget(flowId, timer);
      send();
    });
    this.#byFlow.add(flowId, timer);
    this.#count += 1;
  }

  /** The flow is gone. */
  drop(flowId: string): void {
    for (const timer of [...this.#byFlow.get(flowId)]) {
      this.#timers.cancel(timer);
      this.#forget(flowId, timer);
    }
  }

  #forget(flowId: string, timer: TimerHandle): void {
    this.#byFlow.delete(flowId, timer);
    this.#count -= 1;
  }
}
