import { type RelayHandle } from '../../contract/relay-handle.ts';
import { COUNTERS_PER_RELAY, RELAY_COUNTERS, type RelayCounter } from '../../contract/counters.ts';

const INITIAL_SLOTS = 64;

/** Position of each counter inside its slot. */
export const CounterAt = Object.fromEntries(RELAY_COUNTERS.map((name, i) => [name, i])) as Readonly<
  Record<RelayCounter, number>
>;

/** The counters of all relays in one array of doubles, `COUNTERS_PER_RELAY` for each slot; slots are dense and reused. */
export class RelayCounters {
  /** The counters. The array is replaced when it grows, so read it anew for each use. */
  values = new Float64Array(INITIAL_SLOTS * COUNTERS_PER_RELAY);
  readonly #free: number[] = [];
  #slots = 0;

  /** Takes a slot. Its counters are zero. */
  take(): number {
    const slot = this.#free.pop() ?? this.#slots++;
    const start = slot * COUNTERS_PER_RELAY;
    if (start >= this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.fill(0, start, start + COUNTERS_PER_RELAY);
    return slot;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }

  read(relays: readonly RelayHandle[]): Float64Array {
    const into = new Float64Array(relays.length * COUNTERS_PER_RELAY);
    relays.forEach(({ slot }, i) => {
      const start = slot * COUNTERS_PER_RELAY;
      into.set(this.values.subarray(start, start + COUNTERS_PER_RELAY), i * COUNTERS_PER_RELAY);
    });
    return into;
  }
}
