import { COUNTERS_PER_RELAY } from '../../contract/counters.ts';
import { Drop, type DropCounters, type DropIndex } from '../shared/drop-counters.ts';
import { countersMemory, ShardCounters } from './shard-counters.ts';
import { ShardThread, type ShardThreadOptions, type ShardThreadPorts } from './shard-thread.ts';
import { type Command } from './shard-words.ts';

const REASONS: readonly DropIndex[] = Object.values(Drop);

/** All shards of a plane: what is decided is told to each, what they count is summed up. */
export class Shards {
  readonly threads: readonly ShardThread[];
  /** What the main thread counts for the same relays. */
  readonly own: ShardCounters;
  readonly #toldDrops = new Float64Array(REASONS.length);

  /** Throws, with nothing left open, where the system grants too few descriptors. */
  constructor(count: number, options: ShardThreadOptions, ports: ShardThreadPorts) {
    this.own = new ShardCounters(countersMemory(options.relaySlots));
    const threads: ShardThread[] = [];
    this.threads = threads;
    try {
      while (threads.length < count) threads.push(new ShardThread(options, ports));
    } catch (error) {
      for (const thread of threads) thread.close();
      throw error;
    }
    process.once('exit', this.#stopAtExit);
  }

  async start(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
    process.off('exit', this.#stopAtExit);
  }

  at(shard: number): ShardThread {
    const thread = this.threads[shard];
    if (!thread) throw new Error(`no shard ${shard}`);
    return thread;
  }

  tellAll(kind: Command, first: number, second = 0, timeMs = 0, words?: Uint32Array, data?: Uint8Array): void {
    for (const thread of this.threads) thread.tell(kind, first, second, timeMs, words, data);
  }

  /** The counters of a relay over all threads, `COUNTERS_PER_RELAY` of them. */
  read(relay: number, into: Float64Array, at: number): void {
    for (let i = 0; i < COUNTERS_PER_RELAY; i++) {
      into[at + i] = this.threads.reduce((sum, { counters }) => sum + counters.of(relay, i), this.own.of(relay, i));
    }
  }

  clear(relay: number): void {
    this.own.clear(relay);
    for (const { counters } of this.threads) counters.clear(relay);
  }

  /** Adds to `drops` what was dropped since it was last asked. */
  addDrops(drops: DropCounters): void {
    for (const reason of REASONS) {
      const all = this.threads.reduce((sum, { counters }) => sum + counters.dropsOf(reason), this.own.dropsOf(reason));
      const more = all - (this.#toldDrops[reason] ?? 0);
      if (more > 0) drops.add(reason, more);
      this.#toldDrops[reason] = all;
    }
  }

  readonly #stopAtExit = (): void => {
    for (const thread of this.threads) thread.sayStop();
  };
}
