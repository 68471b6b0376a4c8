import { type Clock } from '../base/clock.ts';
import { DeadlineTimer } from '../base/deadline-timer.ts';
import { TimerQueue, type TimerHandle } from '../base/timer-queue.ts';

/**
 * The edge's timer queue, armed by one timeout of the event loop: whoever schedules an earlier deadline moves the timeout, so
 * that no caller has to remember to.
 */
export class TimerDriver extends TimerQueue {
  readonly #timer: DeadlineTimer;

  /** `onError` hears of an entry that threw; the others still run. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    super();
    const nowMs = (): number => clock.now().monotonicMs;
    this.#timer = new DeadlineTimer(nowMs);
    this.#timer.onDue = () => {
      try {
        this.runDue(nowMs());
      } catch (error) {
        onError(error);
      }
      this.#timer.arm(this.nextMs);
    };
  }

  override schedule(dueMs: number, run: () => void): TimerHandle {
    const handle = super.schedule(dueMs, run);
    this.#timer.arm(dueMs);
    return handle;
  }

  override reschedule(handle: TimerHandle, dueMs: number): void {
    super.reschedule(handle, dueMs);
    this.#timer.arm(dueMs);
  }

  override clear(): void {
    super.clear();
    this.#timer.clear();
  }
}
