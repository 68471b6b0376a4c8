import { type ShardThread } from './shard-thread.ts';

interface Retired {
  readonly number: number;
  /** What each shard was told last when the number was given back. */
  readonly positions: readonly number[];
  readonly release: () => void;
  /** What each shard had told when all had done so: until then it may speak of the number. */
  eventEnds: readonly number[] | undefined;
}

const LOOK_AGAIN_MS = 20;

/** Small numbers for relays or legs. One that is given back is used again only when no shard works with its old meaning any more. */
export class Numbers {
  readonly #shards: readonly ShardThread[];
  readonly #max: number;
  readonly #free: number[] = [];
  readonly #retired: Retired[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(shards: readonly ShardThread[], max: number) {
    this.#shards = shards;
    this.#max = max;
  }

  /** A number, or `undefined` when all are in use. */
  take(): number | undefined {
    this.#settle();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    return this.#count < this.#max ? this.#count++ : undefined;
  }

  /** The shards have just been told that the number ends; `release` is called once they have all done so. */
  retire(number: number, release: () => void): void {
    this.#retired.push({
      number,
      positions: this.#shards.map(({ position }) => position),
      release,
      eventEnds: undefined,
    });
    this.#arm();
  }

  /** Frees what is left, once the shards have stopped. */
  close(): void {
    clearTimeout(this.#timer);
    for (const { release } of this.#retired.splice(0)) release();
  }

  #settle(): void {
    let done = 0;
    for (const retired of this.#retired) {
      if (!this.#isOver(retired)) break;
      retired.release();
      this.#free.push(retired.number);
      done++;
    }
    this.#retired.splice(0, done);
  }

  #isOver(retired: Retired): boolean {
    if (!retired.eventEnds) {
      if (!retired.positions.every((position, i) => this.#shards[i]?.hasDone(position) !== false)) return false;
      retired.eventEnds = this.#shards.map(({ eventsEnd }) => eventsEnd);
    }
    return retired.eventEnds.every((end, i) => this.#shards[i]?.wasHeard(end) !== false);
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const shard of this.#shards) shard.wake();
      this.#settle();
      if (this.#retired.length > 0) this.#arm();
    }, LOOK_AGAIN_MS).unref();
  }
}
