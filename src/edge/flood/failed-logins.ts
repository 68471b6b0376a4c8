import { AgeMap } from '../../base/age-map.ts';

export interface FailedLoginsOptions {
  /** Failures in a row that cost no wait. */
  readonly tries: number;
  readonly maxDelaySec: number;
  readonly maxKeys: number;
}

interface Failures {
  count: number;
  /** When the latest try was counted. */
  atMs: number;
  /** No further try before this. */
  untilMs: number;
}

/** A row of failures is forgotten when nothing has been tried for this long. */
export const FORGET_MS = 15 * 60_000;

/**
 * Failed logins in a row by some key, and how long the next try has to wait: 1 s, 2 s, 4 s … once the free ones are used up. Tries that come
 * too early change nothing, so that a client which does not know better still gets in.
 */
export class FailedLogins {
  readonly #options: FailedLoginsOptions;
  /** By latest try. */
  readonly #failures = new AgeMap<Failures>();

  constructor(options: FailedLoginsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#failures.size;
  }

  /** Whole seconds until the next try; 0: it may be made now. */
  waitSec(key: string, nowMs: number): number {
    const failures = this.#failures.get(key);
    if (!failures || isOld(failures, nowMs)) return 0;
    return Math.max(0, Math.ceil((failures.untilMs - nowMs) / 1000));
  }

  /** Counts a failure, or a try of which nothing better is known yet. */
  count(key: string, nowMs: number): void {
    const known = this.#failures.get(key);
    const failures = known && !isOld(known, nowMs) ? known : { count: 0, atMs: nowMs, untilMs: nowMs };
    failures.count += 1;
    failures.atMs = nowMs;
    failures.untilMs = nowMs + this.#delayMs(failures.count);
    this.#failures.set(key, failures);
    this.#makeRoom(nowMs);
  }

  /** Takes one count back: the try was neither right nor wrong. */
  takeBack(key: string, nowMs: number): void {
    const failures = this.#failures.get(key);
    if (!failures) return;
    failures.count -= 1;
    failures.untilMs = nowMs;
    if (failures.count === 0) this.#failures.delete(key);
  }

  /** The row has ended with a right password. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  #delayMs(count: number): number {
    const { tries, maxDelaySec } = this.#options;
    return count < tries ? 0 : Math.min(2 ** (count - tries), maxDelaySec) * 1000;
  }

  #makeRoom(nowMs: number): void {
    for (let { oldest } = this.#failures; oldest; { oldest } = this.#failures) {
      if (this.#failures.size <= this.#options.maxKeys && !isOld(oldest.value, nowMs)) return;
      this.#failures.delete(oldest.key);
    }
  }
}

function isOld({ atMs }: Failures, nowMs: number): boolean {
  return nowMs - atMs >= FORGET_MS;
}
