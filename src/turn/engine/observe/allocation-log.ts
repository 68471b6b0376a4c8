import { type Logger, writes } from '../../../base/logger.ts';
import { TokenBucket } from '../../../base/token-bucket.ts';
import { TokenBuckets } from '../../../base/token-buckets.ts';

/** How many lines there may be about one person: a hundred calls at once, then one line in two seconds. */
const PER_PERSON = { burst: 1000, perSec: 0.5, maxKeys: 4096 };
/** Lines about all of them together, which is what a disk bears: at some 500 bytes a line, 9 GB a day. */
const TOGETHER = { burst: 5000, perSec: 200 };

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

  /**
   * Whether there is to be a line about a person now, which is then to be written: it has used up an allowance. Fields are made for no other line.
   * One that only the limits forbid is counted.
   */
  admits(person: string): boolean {
    if (!writes(this.#logger, 'info')) return false;
    const nowMs = this.#nowMs();
    // First of all together, which needs no table: in a flood it forbids nearly every line.
    if (this.#all.has(nowMs) && this.#persons.take(person, nowMs) === 0) return this.#all.take(nowMs);
    this.#suppressed += 1;
    return false;
  }

  write(fields: Record<string, unknown>, message: string): void {
    if (this.#suppressed > 0) fields.suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#logger.info(fields, message);
  }
}
