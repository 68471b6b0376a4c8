import { LimitedSources } from '../../base/limited-sources.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';

export interface UnprovenAllowanceOptions {
  /** Messages a second in the long run of one IPv4 address or IPv6 /64; 0 sets no limit. */
  readonly perSec: number;
  readonly burst: number;
  /** Sources that are told apart; past it the longest silent is forgotten. */
  readonly sources: number;
  /** Ranges (see `parseIpRange`) without a limit. */
  readonly exempt: readonly string[];
}

/** A connection that is not read until its turn comes. */
interface Waiting {
  readonly source: string | undefined;
  wake(): void;
}

const RELEASE_MS = 50;

/**
 * How much a source may ask over TCP and TLS that proves nothing. Its address is no forgery there, so nobody is refused: a connection that
 * asks for more is read on when its turn comes, and those of one source take turns. The table is bounded, and what waits is an open
 * connection, which other limits count.
 */
export class UnprovenAllowance {
  readonly #buckets: TokenBuckets | undefined;
  readonly #sources: LimitedSources;
  readonly #nowMs: () => number;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #timer: NodeJS.Timeout | undefined;

  /** `nowMs`: monotonic. */
  constructor({ perSec, burst, sources, exempt }: UnprovenAllowanceOptions, nowMs: () => number) {
    if (perSec > 0) this.#buckets = new TokenBuckets({ perSec, burst, maxKeys: sources });
    this.#sources = new LimitedSources(exempt);
    this.#nowMs = nowMs;
  }

  /** What connections from this address are counted under; `undefined` without a limit. */
  sourceOf(address: string): string | undefined {
    return this.#buckets && this.#sources.keyOf(address);
  }

  /** Counts one message that was served and proved nothing. False: it was one too many, and `wake` is called once it is paid for. */
  take(client: Waiting): boolean {
    const { source } = client;
    if (source === undefined) return true;
    const queue = this.#waiting.get(source);
    if (!queue && this.#hasRoom(source)) return true;
    if (queue) queue.add(client);
    else this.#waiting.set(source, new Set([client]));
    this.#timer ??= setTimeout(this.#release, RELEASE_MS).unref();
    return false;
  }

  /** Forgets a connection that has gone. */
  leave(client: Waiting): void {
    const { source } = client;
    if (source === undefined) return;
    const queue = this.#waiting.get(source);
    queue?.delete(client);
    if (queue?.size === 0) this.#waiting.delete(source);
  }

  #hasRoom(source: string): boolean {
    return this.#buckets?.take(source, this.#nowMs()) === 0;
  }

  readonly #release = (): void => {
    this.#timer = undefined;
    for (const [source, queue] of this.#waiting) {
      for (const client of queue) {
        if (!this.#hasRoom(source)) break;
        queue.delete(client);
        client.wake();
      }
      if (queue.size === 0) this.#waiting.delete(source);
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(this.#release, RELEASE_MS).unref();
  };
}
