import { writeSync } from 'node:fs';

/** What waits to be written has at most so many characters, a single longer line aside: some seconds of a busy log. */
const MAX_WAITING_CHARS = 1_048_576;
/** A pipe that was full is tried again after so long. */
const RETRY_MS = 20;
/** A process that ends waits for a pipe that is full for so many tries, which is one second, and not for ever. */
const LAST_TRIES = 50;

const NOTHING = Buffer.alloc(0);
const waiter = new Int32Array(new SharedArrayBuffer(4));

/**
 * Where the lines of a log leave. Those of one turn of the event loop leave together, in one system call. A pipe that nobody reads keeps neither the event
 * loop nor the memory: its lines wait within a bound, those beyond it are dropped, and `tellDropped` hears how many as soon as the pipe is read again.
 */
class LogOutput {
  readonly #descriptor: number;
  readonly #tellDropped: (lines: number) => void;
  #lines: string[] = [];
  #chars = 0;
  /** What was begun to be written, and how many lines that was. */
  #begun: Buffer = NOTHING;
  #begunLines = 0;
  #dropped = 0;
  /** Whether the last write went well: nobody can be told while none does. */
  #isWritable = true;
  #isScheduled = false;

  /** The descriptor must not block: a write to a pipe that is full has to fail with EAGAIN. */
  constructor(descriptor: number, tellDropped: (lines: number) => void) {
    this.#descriptor = descriptor;
    this.#tellDropped = tellDropped;
  }

  write(line: string): void {
    const waiting = this.#begun.length + this.#chars;
    if (waiting > 0 && waiting + line.length > MAX_WAITING_CHARS) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  /** Writes all that waits, as the process ends. The lines keep their order. */
  end(): void {
    for (let tries = 0; !this.#writeAll(); tries++) {
      if (tries === LAST_TRIES) return;
      Atomics.wait(waiter, 0, 0, RETRY_MS);
    }
    this.#tell();
    this.#writeAll();
  }

  readonly #flush = (): void => {
    if (!this.#writeAll()) {
      // The end of the process writes the rest, so the timer need not keep it.
      setTimeout(this.#flush, RETRY_MS).unref();
      return;
    }
    this.#isScheduled = false;
    this.#tell();
  };

  #tell(): void {
    const dropped = this.#dropped;
    if (dropped === 0 || !this.#isWritable) return;
    this.#dropped = 0;
    this.#tellDropped(dropped);
  }

  /** False when the pipe takes no more for now. */
  #writeAll(): boolean {
    for (;;) {
      if (this.#begun.length === 0) this.#begin();
      if (this.#begun.length === 0) return true;
      try {
        this.#begun = this.#begun.subarray(writeSync(this.#descriptor, this.#begun));
        this.#isWritable = true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        // A pipe without a reader, a disk that is full: a log that cannot be written ends no call.
        this.#isWritable = false;
        this.#dropped += this.#begunLines;
        this.#begun = NOTHING;
        return true;
      }
    }
  }

  #begin(): void {
    this.#begun = this.#lines.length === 0 ? NOTHING : Buffer.from(this.#lines.join(''));
    this.#begunLines = this.#lines.length;
    this.#lines = [];
    this.#chars = 0;
  }
}

let output: LogOutput | undefined;

/**
 * The output of this process to standard error, which is written however the process ends, but by a signal that it does not catch. `tellDropped` counts at
 * the first call alone.
 */
export function standardError(tellDropped: (lines: number) => void): LogOutput {
  if (output) return output;
  // Node makes a pipe or a socket non-blocking as soon as its stream is asked for. A terminal and a file take what they are given.
  const { fd } = process.stderr;
  output = new LogOutput(fd, tellDropped);
  process.on('exit', endLog);
  // Before Node prints the exception, so that it stands where it happened.
  process.on('uncaughtExceptionMonitor', endLog);
  return output;
}

/** Writes what is left of the log: before something else is written to standard error, or the process ends by a signal to itself. */
export function endLog(): void {
  output?.end();
}
