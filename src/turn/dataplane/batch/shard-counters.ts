import { COUNTERS_PER_RELAY } from '../../contract/counters.ts';
import { Drop, type DropIndex } from '../shared/drop-counters.ts';
import { CounterAt } from '../shared/relay-counters.ts';

const REASONS = Object.keys(Drop).length;

export function countersMemory(relaySlots: number): SharedArrayBuffer {
  return new SharedArrayBuffer((REASONS + relaySlots * COUNTERS_PER_RELAY) * 8);
}

/** What one thread counts, in shared memory: it alone writes, the main thread reads. */
export class ShardCounters {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new Float64Array(memory);
  }

  dropped(relay: number, reason: DropIndex, count = 1): void {
    this.drop(reason, count);
    this.countDropped(relay, count);
  }

  /** For a drop whose reason is counted elsewhere. */
  countDropped(relay: number, count = 1): void {
    this.#add(relay, CounterAt.dropped, count);
  }

  drop(reason: DropIndex, count = 1): void {
    this.#values[reason] = (this.#values[reason] ?? 0) + count;
  }

  toPeer(relay: number, packets: number, bytes: number): void {
    this.#add(relay, CounterAt.packetsToPeer, packets);
    this.#add(relay, CounterAt.bytesToPeer, bytes);
  }

  toClient(relay: number, packets: number, bytes: number): void {
    this.#add(relay, CounterAt.packetsToClient, packets);
    this.#add(relay, CounterAt.bytesToClient, bytes);
  }

  /** One counter of a relay, by its place in `RELAY_COUNTERS`. */
  of(relay: number, counterAt: number): number {
    return this.#values[REASONS + relay * COUNTERS_PER_RELAY + counterAt] ?? 0;
  }

  dropsOf(reason: DropIndex): number {
    return this.#values[reason] ?? 0;
  }

  /** For the next relay of that number, once no thread counts for the last one any more. */
  clear(relay: number): void {
    const start = REASONS + relay * COUNTERS_PER_RELAY;
    this.#values.fill(0, start, start + COUNTERS_PER_RELAY);
  }

  #add(relay: number, counterAt: number, amount: number): void {
    const at = REASONS + relay * COUNTERS_PER_RELAY + counterAt;
    this.#values[at] = (this.#values[at] ?? 0) + amount;
  }
}
