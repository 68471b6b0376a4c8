import { LimitedSources } from './limited-sources.ts';
import { TokenBuckets } from './token-buckets.ts';

/** How often one IPv4 address or IPv6 /64 may do something. */
export interface SourceRateOptions {
  readonly perSec: number;
  readonly burst: number;
  /** How many clients are counted at once. Beyond it the client that has been silent longest is forgotten. */
  readonly maxKeys: number;
  /** Address ranges (see `parseIpRange`) to which the limit does not apply. */
  readonly exempt: readonly string[];
}

/** Counts by address what costs before its client has shown anything: connections with their TLS handshakes, or requests. */
export class SourceRate {
  readonly #sources: LimitedSources;
  readonly #buckets: TokenBuckets;
  readonly #nowMs: () => number;

  /** `nowMs`: the present in monotonic milliseconds. */
  constructor(options: SourceRateOptions, nowMs: () => number) {
    this.#sources = new LimitedSources(options.exempt);
    this.#buckets = new TokenBuckets(options);
    this.#nowMs = nowMs;
  }

  /** Counts one event of this client and returns 0. Beyond the limit it returns the whole seconds that the client has to wait. */
  waitSec(remoteAddress: string): number {
    const source = this.#sources.keyOf(remoteAddress);
    return source === undefined ? 0 : this.#buckets.take(source, this.#nowMs());
  }
}
