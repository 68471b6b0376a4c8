import { type RelayDirection } from '../../contract/bandwidth.ts';

/** Bytes a millisecond, what it holds, and for each direction what is left and as of when. */
const FIELDS = 6;
const PER_MS = 0;
const BURST = 1;
const LEFT = { 'to-peer': 2, 'to-client': 4 } as const satisfies Record<RelayDirection, number>;

export const NO_BUCKET = -1;

export function bucketsMemory(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * FIELDS * 8);
}

/**
 * Buckets of bandwidth in shared memory, which all threads draw from. Each holds a second's worth, and may be overdrawn by one datagram, which what
 * follows pays for: so no datagram is too large ever to pass. Two threads that draw in the same instant may count one of two datagrams.
 */
export class SharedBuckets {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new Float64Array(memory);
  }

  /** A full bucket. */
  open(bucket: number, bytesPerSec: number): void {
    this.#values.set(
      [bytesPerSec / 1000, bytesPerSec, bytesPerSec, -Infinity, bytesPerSec, -Infinity],
      bucket * FIELDS,
    );
  }

  hasRoom(bucket: number, direction: RelayDirection, nowMs: number): boolean {
    return bucket === NO_BUCKET || this.#refill(bucket, direction, nowMs) > 0;
  }

  take(bucket: number, direction: RelayDirection, bytes: number): void {
    if (bucket === NO_BUCKET) return;
    const at = bucket * FIELDS + LEFT[direction];
    this.#values[at] = (this.#values[at] ?? 0) - bytes;
  }

  isFull(bucket: number, nowMs: number): boolean {
    const burst = this.#values[bucket * FIELDS + BURST] ?? 0;
    return this.#refill(bucket, 'to-peer', nowMs) >= burst && this.#refill(bucket, 'to-client', nowMs) >= burst;
  }

  /** What is left. A clock that goes back gives nothing, and takes nothing. */
  #refill(bucket: number, direction: RelayDirection, nowMs: number): number {
    const values = this.#values;
    const start = bucket * FIELDS;
    const at = start + LEFT[direction];
    const elapsedMs = nowMs - (values[at + 1] ?? 0);
    if (elapsedMs > 0) {
      values[at] = Math.min(values[start + BURST] ?? 0, (values[at] ?? 0) + elapsedMs * (values[start + PER_MS] ?? 0));
      values[at + 1] = nowMs;
    }
    return values[at] ?? 0;
  }
}
