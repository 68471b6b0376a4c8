import { type LogFields, type Logger } from './logger.ts';

/** How many lines one cause may write: a token bucket. */
export interface LogLimits {
  /** How many lines may be written at once. */
  readonly burst: number;
  /** How many lines a second may be written in the long run. */
  readonly perSec: number;
  /** How many causes have an allowance of their own. All further causes share one. */
  readonly maxCauses: number;
}

/** Limits for lines that strangers cause: enough to see what goes on, too few to fill a disk. */
export const HOSTILE_LOG_LIMITS: LogLimits = { burst: 20, perSec: 1, maxCauses: 64 };

interface Allowance {
  lines: number;
  atMs: number;
  suppressed: number;
}

type Level = 'info' | 'warn' | 'error';

/**
 * Logs what remote parties can make happen as often as they like: each cause has a token bucket. What is left out is counted, and the next
 * line of its cause that is written tells so in `suppressed`.
 */
export class LimitedLog {
  readonly #logger: Logger;
  readonly #limits: LogLimits;
  readonly #causes = new Map<string, Allowance>();
  #others: Allowance | undefined;

  constructor(logger: Logger, limits: LogLimits) {
    this.#logger = logger;
    this.#limits = limits;
  }

  /** Writes a line at level info unless its cause has used up its allowance. Returns whether it was written. `nowMs`: monotonic milliseconds. */
  info(cause: string, fields: LogFields, message: string, nowMs: number): boolean {
    return this.#write('info', cause, fields, message, nowMs);
  }

  /** Writes a line at level warn, like `info`. A cause has one allowance for all levels. */
  warn(cause: string, fields: LogFields, message: string, nowMs: number): boolean {
    return this.#write('warn', cause, fields, message, nowMs);
  }

  error(cause: string, fields: LogFields, message: string, nowMs: number): boolean {
    return this.#write('error', cause, fields, message, nowMs);
  }

  #write(level: Level, cause: string, fields: LogFields, message: string, nowMs: number): boolean {
    const { burst, perSec } = this.#limits;
    const allowance = this.#allowanceOf(cause, nowMs);
    const elapsedMs = Math.max(0, nowMs - allowance.atMs);
    allowance.atMs = Math.max(nowMs, allowance.atMs);
    allowance.lines = Math.min(burst, allowance.lines + (elapsedMs * perSec) / 1000);
    if (allowance.lines < 1) {
      allowance.suppressed += 1;
      return false;
    }
    allowance.lines -= 1;
    const { suppressed } = allowance;
    allowance.suppressed = 0;
    this.#logger[level](suppressed > 0 ? { ...fields, suppressed } : fields, message);
    return true;
  }

  #allowanceOf(cause: string, nowMs: number): Allowance {
    const known = this.#causes.get(cause);
    if (known) return known;
    const { burst, maxCauses } = this.#limits;
    if (this.#causes.size >= maxCauses) return (this.#others ??= { lines: burst, atMs: nowMs, suppressed: 0 });
    const fresh: Allowance = { lines: burst, atMs: nowMs, suppressed: 0 };
    this.#causes.set(cause, fresh);
    return fresh;
  }
}
