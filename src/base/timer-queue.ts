export interface TimerHandle {
  readonly dueMs: number;
}

interface Entry extends TimerHandle {
  dueMs: number;
  /** What the heap is ordered by: the deadline, or an earlier one that the entry had before. */
  heapMs: number;
  index: number;
  readonly subject: unknown;
  readonly run: (subject: unknown, dueMs: number) => void;
}

/**
 * Binary heap of deadlines on the monotonic clock. One per engine, armed by its owner with a single timeout: a permission or a
 * transaction costs one heap entry, never a timer of the event loop. A deadline that moves to a later time, as those of what is refreshed do, is found a place
 * in the heap when its entry comes to the top, and not before.
 */
export class TimerQueue {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline in monotonic milliseconds, or `undefined` when nothing is due. */
  get nextMs(): number | undefined {
    return this.#top?.dueMs;
  }

  /** Calls `run` once `runDue` is told a time at or past `dueMs`. */
  schedule(dueMs: number, run: () => void): TimerHandle {
    return this.scheduleFor(undefined, dueMs, run);
  }

  /** The same for many subjects of one function, to which the subject and the deadline are told: no closure is kept for each. */
  scheduleFor<Subject>(subject: Subject, dueMs: number, run: (subject: Subject, dueMs: number) => void): TimerHandle {
    const entry = { dueMs, heapMs: dueMs, index: this.#heap.length, subject, run } as Entry;
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
    if (dueMs >= entry.heapMs) return;
    entry.heapMs = dueMs;
    this.#siftUp(entry);
  }

  /** Runs what is due, earliest first, and what those calls schedule within `nowMs`. */
  runDue(nowMs: number): void {
    for (let top = this.#top; top && top.dueMs <= nowMs; top = this.#top) {
      this.#remove(top);
      top.run(top.subject, top.dueMs);
    }
  }

  clear(): void {
    for (const entry of this.#heap) entry.index = -1;
    this.#heap.length = 0;
  }

  /** The entry with the earliest deadline. */
  get #top(): Entry | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (!top || top.dueMs === top.heapMs) return top;
      top.heapMs = top.dueMs;
      this.#siftDown(top);
    }
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
      if (!parent || parent.heapMs <= entry.heapMs) return;
      this.#swap(entry, parent);
    }
  }

  #siftDown(entry: Entry): void {
    for (;;) {
      const left = this.#heap[entry.index * 2 + 1];
      const right = this.#heap[entry.index * 2 + 2];
      const child = right && left && right.heapMs < left.heapMs ? right : left;
      if (!child || child.heapMs >= entry.heapMs) return;
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
