import { LimitedSources } from './limited-sources.ts';
import { TokenBuckets } from './token-buckets.ts';

/** How often one IPv4 address or IPv6 /64 may do something. */
export interface SourceRateOptions {
  readonly perSec: number;
  readonly burst: number;
  /** Clients that are told apart; past it the longest silent is forgotten. */
  readonly maxKeys: number;
  /** Ranges (see `parseIpRange`) without a limit. */
  readonly exempt: readonly string[];
}

/** Counts by address what costs before its client has shown anything: connections with their TLS handshakes, or requests. */
export class SourceRate {
  readonly #sources: LimitedSources;
  readonly #buckets: TokenBuckets;
  readonly #nowMs: () => number;

  /** `nowMs`: monotonic. */
  constructor(options: SourceRateOptions, nowMs: () => number) {
    this.#sources = new LimitedSources(options.exempt);
    this.#buckets = new TokenBuckets(options);
    this.#nowMs = nowMs;
  }

  /** Counts one of this client, or tells how many whole seconds it is to wait. */
  waitSec(remoteAddress: string): number {
    const source = this.#sources.keyOf(remoteAddress);
    return source === undefined ? 0 : this.#buckets.take(source, this.#nowMs());
  }
}
