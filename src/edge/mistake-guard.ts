import { type Clock } from '../core/clock.ts';
import { type LimitedLog } from '../core/limited-log.ts';
import { type Flow } from './flow/flow.ts';

/** Runs what remote input brings about, so that a mistake of ours does not end the other calls of this process. */
export class MistakeGuard {
  readonly #log: LimitedLog;
  readonly #clock: Clock;

  constructor(log: LimitedLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `flow`: on whose behalf, for the log. `undefined` where there was a mistake. */
  run<T>(run: () => T, flow?: Flow): T | undefined {
    try {
      return run();
    } catch (error) {
      this.report(error, flow);
      return undefined;
    }
  }

  /** Once what is going on now has ended. */
  defer(run: () => void, flow?: Flow): void {
    queueMicrotask(() => {
      this.run(run, flow);
    });
  }

  report(error: unknown, flow?: Flow): void {
    const { monotonicMs } = this.#clock.now();
    // What remote input brought about once, it can bring about at will.
    this.#log.error('mistake', { flowId: flow?.id, err: error }, 'internal error in the edge', monotonicMs);
  }
}
