/** Together with what the kernel adds to a sleep, below 250 microseconds. */
const PAUSE_NS = 180_000;
const PAUSE_MS = 0.2;
/** So many datagrams in one round are worth its system calls as they are. */
const DEEP_ROUND = 48;
/** A pause has to bring so many datagrams together, or it costs more than it saves. */
const WORTHWHILE = 1.5;
const WINDOW_MS = 4;

/**
 * How long a shard pauses after a round. Each datagram that wakes a thread by itself costs several times what it costs in company, so at some
 * thousand datagrams a second a short pause halves the work; below that it would only delay, and above that they come together by themselves.
 */
export class WakePace {
  #windowFromMs = -Infinity;
  #datagrams = 0;
  #perPause = 0;

  /** Nanoseconds to pause after a round that has moved so many datagrams; 0 for none. */
  pauseAfter(datagrams: number, nowMs: number): number {
    this.#datagrams += datagrams;
    const elapsedMs = nowMs - this.#windowFromMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#perPause = (this.#datagrams / elapsedMs) * PAUSE_MS;
      this.#datagrams = 0;
      this.#windowFromMs = nowMs;
    }
    return datagrams < DEEP_ROUND && this.#perPause >= WORTHWHILE ? PAUSE_NS : 0;
  }
}
