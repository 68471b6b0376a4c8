import { type Clock, type Now } from '../../../src/base/clock.ts';
import { TimerQueue } from '../../../src/base/timer-queue.ts';

/** A clock that stands until told, with the timers that run on it. */
export class FakeClock implements Clock {
  readonly timers = new TimerQueue();
  #monotonicMs = 1_000_000;

  now(): Now {
    return { monotonicMs: this.#monotonicMs, unixMs: 1_800_000_000_000 + this.#monotonicMs };
  }

  /** Passes time, running each timer at its own deadline. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let next = this.timers.nextMs; next !== undefined && next <= endMs; next = this.timers.nextMs) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next);
      this.timers.runDue(this.#monotonicMs);
    }
    this.#monotonicMs = endMs;
  }
}
