import { COUNTERS_PER_SLOT, RELAY_COUNTERS, type RelayCounter } from '../../contract/data-plane.ts';

const INITIAL_SLOTS = 64;

/** Position of each counter inside its slot. */
export const CounterAt = Object.fromEntries(RELAY_COUNTERS.map((name, i) => [name, i])) as Readonly<
  Record<RelayCounter, number>
>;

/** The counters of all relays in one array of doubles, `COUNTERS_PER_SLOT` for each slot; slots are dense and reused. */
export class RelayCounters {
  /** The counters. The array is replaced when it grows, so read it anew for each use. */
  values = new Float64Array(INITIAL_SLOTS * COUNTERS_PER_SLOT);
  readonly #free: number[] = [];
  #slots = 0;

  /** Takes a slot. Its counters are zero. */
  take(): number {
    const slot = this.#free.pop() ?? this.#slots++;
    const start = slot * COUNTERS_PER_SLOT;
    if (start >= this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.fill(0, start, start + COUNTERS_PER_SLOT);
    return slot;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }

  readInto(into: Float64Array, slots: readonly number[]): void {
    slots.forEach((slot, i) => {
      const start = slot * COUNTERS_PER_SLOT;
      into.set(this.values.subarray(start, start + COUNTERS_PER_SLOT), i * COUNTERS_PER_SLOT);
    });
  }
}
