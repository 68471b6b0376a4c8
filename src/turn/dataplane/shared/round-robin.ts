/** Something that has more to do than one turn of the event loop should hold. */
export interface Job {
  /** Does up to `units` of work, and calls `wait` again when there is more. */
  run(units: number): void;
}

/** 16 KB of a stream cost about as much to pass on as a message to serve. */
const BYTES_PER_UNIT_LOG2 = 14;

/** The cost of a message or a piece of a stream, in units. */
export function unitsOf(bytes: number): number {
  return 1 + (bytes >>> BYTES_PER_UNIT_LOG2);
}

/**
 * Bounds what is done for many streams in one turn of the event loop, so that the sockets of all others are read in between; what is left
 * waits for the next turns and is done a slice at a time, in the order of waiting. Costs a subtraction for each message, and one
 * `setImmediate` for each turn in which something was done.
 */
export class RoundRobin {
  readonly #unitsPerTurn: number;
  readonly #unitsPerSlice: number;
  readonly #waiting = new Set<Job>();
  #left: number;
  #isArmed = false;

  constructor({ unitsPerTurn, unitsPerSlice }: { readonly unitsPerTurn: number; readonly unitsPerSlice: number }) {
    this.#unitsPerTurn = unitsPerTurn;
    this.#unitsPerSlice = unitsPerSlice;
    this.#left = unitsPerTurn;
  }

  /** What may be done at once, without waiting: nothing while others wait. */
  get unitsNow(): number {
    return this.#waiting.size === 0 ? this.#left : 0;
  }

  spend(units: number): void {
    this.#left -= units;
    this.#arm();
  }

  /** Puts it at the end of those that wait, unless it waits already. */
  wait(job: Job): void {
    this.#waiting.add(job);
    this.#arm();
  }

  leave(job: Job): void {
    this.#waiting.delete(job);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#isArmed = false;
    this.#left = this.#unitsPerTurn;
    // A job that waits again meanwhile comes behind the others, and is met again in this loop.
    for (const job of this.#waiting) {
      if (this.#left <= 0) break;
      this.#waiting.delete(job);
      job.run(Math.min(this.#unitsPerSlice, this.#left));
    }
    if (this.#waiting.size > 0) this.#arm();
  };
}
