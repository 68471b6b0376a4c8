/** Behind the last and before the first: no port. */
const NONE = 0;

/** Ports of a range in the order of their coming, each with a time. Ports may leave from anywhere, which costs the same wherever it is. */
export class PortQueue {
  readonly #min: number;
  /** For each port the one behind and the one before it. */
  readonly #next: Uint16Array;
  readonly #previous: Uint16Array;
  /** NaN for a port that is not there. */
  readonly #untilMs: Float64Array;
  #first = NONE;
  #last = NONE;

  /** Port 0 is none. */
  constructor(min: number, max: number) {
    this.#min = min;
    this.#next = new Uint16Array(max - min + 1);
    this.#previous = new Uint16Array(max - min + 1);
    this.#untilMs = new Float64Array(max - min + 1).fill(NaN);
  }

  has(port: number): boolean {
    return !Number.isNaN(this.untilMs(port));
  }

  /** The time of a port; NaN when it is not there. */
  untilMs(port: number): number {
    return this.#untilMs[port - this.#min] ?? NaN;
  }

  /** Puts a port behind all others, also one that is there already. */
  set(port: number, untilMs: number): void {
    this.delete(port);
    const at = port - this.#min;
    this.#untilMs[at] = untilMs;
    this.#previous[at] = this.#last;
    this.#next[at] = NONE;
    if (this.#last === NONE) this.#first = port;
    else this.#next[this.#last - this.#min] = port;
    this.#last = port;
  }

  delete(port: number): void {
    if (!this.has(port)) return;
    const at = port - this.#min;
    const next = this.#next[at] ?? NONE;
    const previous = this.#previous[at] ?? NONE;
    if (previous === NONE) this.#first = next;
    else this.#next[previous - this.#min] = next;
    if (next === NONE) this.#last = previous;
    else this.#previous[next - this.#min] = previous;
    this.#untilMs[at] = NaN;
  }

  /** The ports in order. While they are walked over, only the one just met may be deleted. */
  *ports(): Generator<number, void, undefined> {
    for (let port = this.#first; port !== NONE;) {
      const behind = this.#next[port - this.#min] ?? NONE;
      yield port;
      port = behind;
    }
  }
}
