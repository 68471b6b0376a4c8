import { type Logger, writes } from '../../../base/logger.ts';
import { TokenBucket } from '../../../base/token-bucket.ts';
import { TokenBuckets } from '../../../base/token-buckets.ts';

/** How many lines there may be about one person: a hundred calls at once, then one line in two seconds. */
const PER_PERSON = { burst: 1000, perSec: 0.5, maxKeys: 4096 };
/** Lines about all of them together, which is what a disk bears: at some 500 bytes a line, 9 GB a day. */
const TOGETHER = { burst: 5000, perSec: 200 };

type Fields = Record<string, unknown>;

/**
 * Lines about the coming and going of allocations, which a client with a credential can cause thousands of a second. Each person has an
 * allowance of its own, so that one who floods keeps no other out of the log. What is left out is counted in `suppressed` of the next line;
 * events and counters tell of all of it.
 */
export class AllocationLog {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #persons = new TokenBuckets(PER_PERSON);
  readonly #all: TokenBucket;
  #suppressed = 0;

  /** `nowMs`: the present in monotonic milliseconds. */
  constructor(logger: Logger, nowMs: () => number) {
    this.#logger = logger;
    this.#nowMs = nowMs;
    this.#all = new TokenBucket({ ...TOGETHER, nowMs: nowMs() });
  }

  /** `fields` are made for a line that is written. */
  info(person: string, fields: () => Fields, message: string): void {
    if (!writes(this.#logger, 'info')) return;
    const nowMs = this.#nowMs();
    if (this.#persons.take(person, nowMs) > 0 || !this.#all.take(nowMs)) {
      this.#suppressed += 1;
      return;
    }
    const line = fields();
    if (this.#suppressed > 0) line.suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#logger.info(line, message);
  }
}
