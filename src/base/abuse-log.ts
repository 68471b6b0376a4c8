import { addressKey } from './address-key.ts';
import { type LogFields, type Logger } from './logger.ts';
import { TokenBucket } from './token-bucket.ts';
import { TokenBuckets } from './token-buckets.ts';

/** How many lines one source may cause about one cause: more than any jail of fail2ban waits for before it bans. */
const PER_SOURCE = { burst: 10, perSec: 0.1, maxKeys: 4096 };
/** How many lines all sources together may cause: few enough for a disk. */
const TOGETHER = { burst: 1000, perSec: 50 };

/** What is said of a remote that fails or is refused. fail2ban reads it, so it is part of what the package promises. */
export const ABUSE_MESSAGES = [
  'authentication failed',
  'limit reached',
  'WebSocket upgrade refused',
  'connection refused',
] as const;

/**
 * Lines for programs that ban addresses. Each begins with `remoteAddress` and `cause`, and each source has an allowance of its own for each
 * cause, so that one which floods does not keep another out of the log. What is left out is counted in `suppressed` of the next line.
 */
export class AbuseLog {
  readonly #logger: Logger;
  readonly #sources = new TokenBuckets(PER_SOURCE);
  readonly #all: TokenBucket;
  #suppressed = 0;

  constructor(logger: Logger, nowMs: number) {
    this.#logger = logger;
    this.#all = new TokenBucket({ ...TOGETHER, nowMs });
  }

  /** `nowMs`: monotonic. */
  write(
    message: (typeof ABUSE_MESSAGES)[number],
    { remoteAddress, cause, ...more }: { readonly remoteAddress: string; readonly cause: string } & LogFields,
    nowMs: number,
  ): void {
    if (this.#sources.take(`${addressKey(remoteAddress)} ${cause}`, nowMs) > 0 || !this.#all.take(nowMs)) {
      this.#suppressed += 1;
      return;
    }
    const suppressed = this.#suppressed > 0 ? { suppressed: this.#suppressed } : {};
    this.#suppressed = 0;
    this.#logger.warn({ remoteAddress, cause, ...more, ...suppressed }, message);
  }
}
