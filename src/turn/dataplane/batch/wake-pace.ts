/** Together with what the kernel adds to a sleep, below 250 microseconds. */
const PAUSE_NS = 180_000;
const PAUSE_MS = 0.2;
/** So many datagrams in one round are worth its system calls as they are. */
const DEEP_ROUND = 48;
/** A pause has to bring so many datagrams together, or it costs more than it saves. */
const WORTHWHILE = 1.5;
const WINDOW_MS = 4;
/** A pause that took longer tells that others want the processor: then each pause would be a place at the end of their row. */
const LONGEST_PAUSE_MS = 0.25;
const WITHOUT_PAUSE_MS = 100;

/**
 * How long a shard pauses after a round. Each datagram that wakes a thread by itself costs several times what it costs in company, so at some
 * thousand datagrams a second a short pause halves the work; below that it would only delay, and above that they come together by themselves.
 */
export class WakePace {
  #windowFromMs = -Infinity;
  #datagrams = 0;
  #perPause = 0;
  #noneUntilMs = -Infinity;

  /** Nanoseconds to pause after a round that has moved so many datagrams; 0 for none. */
  pauseAfter(datagrams: number, nowMs: number): number {
    this.#datagrams += datagrams;
    const elapsedMs = nowMs - this.#windowFromMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#perPause = (this.#datagrams / elapsedMs) * PAUSE_MS;
      this.#datagrams = 0;
      this.#windowFromMs = nowMs;
    }
    if (nowMs < this.#noneUntilMs) return 0;
    return datagrams < DEEP_ROUND && this.#perPause >= WORTHWHILE ? PAUSE_NS : 0;
  }

  /** How long a pause has taken in truth. */
  paused(tookMs: number, nowMs: number): void {
    if (tookMs > LONGEST_PAUSE_MS) this.#noneUntilMs = nowMs + WITHOUT_PAUSE_MS;
  }
}
