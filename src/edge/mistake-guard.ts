import { type Clock } from '../base/clock.ts';
import { type LimitedLog } from '../base/limited-log.ts';
import { type Hop } from './hop.ts';

/** Runs what remote input brings about, so that a mistake of ours does not end the other calls of this process. */
export class MistakeGuard {
  readonly #log: LimitedLog;
  readonly #clock: Clock;

  constructor(log: LimitedLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `hop`: on whose behalf; the log names it if it is a client's flow. `undefined` where there was a mistake. */
  run<T>(run: () => T, hop?: Hop): T | undefined {
    try {
      return run();
    } catch (error) {
      this.report(error, hop);
      return undefined;
    }
  }

  /** Runs something after the present call stack has ended, guarded like `run`. */
  defer(run: () => void, hop?: Hop): void {
    queueMicrotask(() => {
      this.run(run, hop);
    });
  }

  report(error: unknown, hop?: Hop): void {
    const { monotonicMs } = this.#clock.now();
    const flowId = hop?.kind === 'wic' ? hop.id : undefined;
    // What remote input brought about once, it can bring about at will.
    this.#log.error('mistake', { flowId, err: error }, 'internal error in the edge', monotonicMs);
  }
}
