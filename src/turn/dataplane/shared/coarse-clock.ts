/**
 * The packet path's clock: one reading serves all packets of the next `resolutionMs`, so an expiry is noticed at most that much late.
 *
 * The first packet of a burst reads the clock and arms one unreferenced timer that throws the reading away; an idle process has no
 * timer running. Resolution 0 reads the clock for every packet.
 */
export class CoarseClock {
  readonly #readMs: () => number;
  readonly #resolutionMs: number;
  #timer: NodeJS.Timeout | undefined;
  #fresh = false;
  #nowMs = 0;

  constructor(readMs: () => number, resolutionMs: number) {
    this.#readMs = readMs;
    this.#resolutionMs = resolutionMs;
  }

  /** The time in monotonic milliseconds, at most `resolutionMs` old. */
  nowMs(): number {
    if (!this.#fresh) this.#read();
    return this.#nowMs;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#fresh = false;
  }

  #read(): void {
    this.#nowMs = this.#readMs();
    if (this.#resolutionMs === 0) return;
    this.#fresh = true;
    if (this.#timer) this.#timer.refresh();
    else {
      this.#timer = setTimeout(() => {
        this.#fresh = false;
      }, this.#resolutionMs).unref();
    }
  }
}
