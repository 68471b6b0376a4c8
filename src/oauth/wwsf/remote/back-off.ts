import { type Now } from '../../../base/clock.ts';

const FIRST_SEC = 1;
const MAX_SEC = 30;
const SECONDS = /^\d{1,6}$/;

/**
 * How long a server is left alone that fails: a second, then twice as long each time, up to half a minute, or as long as it says itself within
 * that.
 */
export class BackOff {
  #delaySec = 0;
  #untilMs = -Infinity;

  /** Seconds for which it is not to be asked; 0: it may be asked. */
  waitSec({ monotonicMs }: Now): number {
    return Math.max(0, Math.ceil((this.#untilMs - monotonicMs) / 1000));
  }

  /**
   * `askedAt`: of many that were asked together, the first that fails counts. `retryAfter`: header field of the answer. Returns the wait in
   * seconds.
   */
  failed(askedAt: Now, now: Now, retryAfter?: string): number {
    const isFirst = askedAt.monotonicMs >= this.#untilMs;
    if (isFirst) this.#delaySec = Math.min(MAX_SEC, Math.max(FIRST_SEC, this.#delaySec * 2));
    const saidSec = SECONDS.test(retryAfter ?? '') ? Math.min(MAX_SEC, Number(retryAfter)) : 0;
    const untilMs = now.monotonicMs + Math.max(isFirst ? this.#delaySec : 0, saidSec) * 1000;
    this.#untilMs = Math.max(this.#untilMs, untilMs);
    return Math.max(FIRST_SEC, this.waitSec(now));
  }

  succeeded(): void {
    this.#delaySec = 0;
    this.#untilMs = -Infinity;
  }
}
