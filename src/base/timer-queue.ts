export interface TimerHandle {
  readonly dueMs: number;
}

interface Entry extends TimerHandle {
  dueMs: number;
  index: number;
  readonly run: () => void;
}

/**
 * Binary heap of deadlines on the monotonic clock. One per engine, armed by its owner with a single timeout: a permission or a
 * transaction costs one heap entry, never a timer of the event loop.
 */
export class TimerQueue {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline in monotonic milliseconds, or `undefined` when nothing is due. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  /** Calls `run` once `runDue` is told a time at or past `dueMs`. */
  schedule(dueMs: number, run: () => void): TimerHandle {
    const entry: Entry = { dueMs, index: this.#heap.length, run };
    this.#heap.push(entry);
    this.#siftUp(entry);
    return entry;
  }

  /** Cancels an entry. A handle that has run or was cancelled before is ignored. */
  cancel(handle: TimerHandle): void {
    const entry = handle as Entry;
    if (this.#heap[entry.index] !== entry) return;
    this.#remove(entry);
  }

  /** Moves a deadline; a handle that is no longer queued is ignored. */
  reschedule(handle: TimerHandle, dueMs: number): void {
    const entry = handle as Entry;
    if (this.#heap[entry.index] !== entry) return;
    entry.dueMs = dueMs;
    this.#siftUp(entry);
    this.#siftDown(entry);
  }

  /** Runs what is due, earliest first, and what those calls schedule within `nowMs`. */
  runDue(nowMs: number): void {
    for (let top = this.#heap[0]; top && top.dueMs <= nowMs; top = this.#heap[0]) {
      this.#remove(top);
      top.run();
    }
  }

  clear(): void {
    for (const entry of this.#heap) entry.index = -1;
    this.#heap.length = 0;
  }

  #remove(entry: Entry): void {
    const last = this.#heap.pop();
    if (last && last !== entry) {
      last.index = entry.index;
      this.#heap[entry.index] = last;
      this.#siftUp(last);
      this.#siftDown(last);
    }
    entry.index = -1;
  }

  #siftUp(entry: Entry): void {
    while (entry.index > 0) {
      const parentIndex = (entry.index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (!parent || parent.dueMs <= entry.dueMs) return;
      this.#swap(entry, parent);
    }
  }

  #siftDown(entry: Entry): void {
    for (;;) {
      const left = this.#heap[entry.index * 2 + 1];
      const right = this.#heap[entry.index * 2 + 2];
      const child = right && left && right.dueMs < left.dueMs ? right : left;
      if (!child || child.dueMs >= entry.dueMs) return;
      this.#swap(child, entry);
    }
  }

  /** Swaps the entry at `lower` with its parent at `upper`. */
  #swap(lower: Entry, upper: Entry): void {
    const { index } = upper;
    upper.index = lower.index;
    lower.index = index;
    this.#heap[index] = lower;
    this.#heap[upper.index] = upper;
  }
}
