import { type Clock } from '../base/clock.ts';

/** Events and characters of one chunk at most: hardly more waits for a slow reader, the rest stays in the log. */
const CHUNK_EVENTS = 100;
const CHUNK_CHARACTERS = 262_144;
/** A browser that lost the connection tries again after this. */
const RETRY_MS = 1000;

/** An event by its position among all events of its log: 1, 2, 3 and so on. */
export interface NumberedEvent {
  readonly seq: number;
}

/** Events that have happened, of which the oldest may be forgotten. */
export interface EventLog<Event extends NumberedEvent> {
  readonly clock: Clock;
  /** `seq` of the newest event, 0 before the first. */
  readonly lastSeq: number;
  /** Whether there will be no more events. */
  readonly closed: boolean;
  /** Events with a `seq` above `since`, oldest first, at most `limit` of them. */
  readonly events: (since: number, limit: number) => readonly Event[];
  /** Calls `listener` after each event, and once when the log closes. Returns a function that takes the listener off. */
  readonly onChange: (listener: () => void) => () => void;
}

export interface EventStreamOptions<Event extends NumberedEvent> {
  /** `seq` after which to begin. */
  readonly since: number;
  readonly accepts: (event: Event) => boolean;
  /** How often silence is filled, in milliseconds, so that no proxy takes the connection for dead. */
  readonly keepaliveMs: number;
  /** How long a reader may take nothing while there is something. */
  readonly stallMs: number;
  /** The reader is too slow: end its connection. */
  readonly onStall: () => void;
  /** The stream has ended, one way or another; called once. */
  readonly onEnd: () => void;
}

/**
 * The events of a log as server-sent events (WHATWG HTML §9.2): what has happened from a number on, then what happens. The stream holds no events,
 * only its position in the log, so a slow reader costs no memory. A reader that is too slow for the log is told which events are no longer kept.
 */
export function eventStream<Event extends NumberedEvent>(
  log: EventLog<Event>,
  options: EventStreamOptions<Event>,
): ReadableStream<Uint8Array> {
  const reader = new Reader(log, options);
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => reader.pull(controller),
      cancel: () => {
        reader.end();
      },
    },
    { highWaterMark: 0 },
  );
}

class Reader<Event extends NumberedEvent> {
  readonly #log: EventLog<Event>;
  readonly #options: EventStreamOptions<Event>;
  readonly #encoder = new TextEncoder();
  readonly #offChange: () => void;
  readonly #timer: NodeJS.Timeout;
  #cursor: number;
  #opened = false;
  #ended = false;
  /** Set while the reader asks for more. */
  #wake: ((cause: 'event' | 'silence' | 'end') => void) | undefined;
  #lastTakenMs: number;
  #lastSentMs: number;

  constructor(log: EventLog<Event>, options: EventStreamOptions<Event>) {
    this.#log = log;
    this.#options = options;
    this.#cursor = options.since;
    this.#lastTakenMs = this.#nowMs;
    this.#lastSentMs = this.#nowMs;
    this.#offChange = log.onChange(() => this.#wake?.('event'));
    this.#timer = setInterval(
      () => {
        this.#tick();
      },
      Math.min(options.keepaliveMs, options.stallMs),
    );
    this.#timer.unref();
  }

  /** Resolves when something was handed out, or the stream has ended. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#lastTakenMs = this.#nowMs;
    const send = (text: string): void => {
      this.#lastSentMs = this.#nowMs;
      controller.enqueue(this.#encoder.encode(text));
    };
    if (!this.#opened) {
      this.#opened = true;
      send(`retry: ${RETRY_MS}\n\n`);
      return;
    }
    while (!this.#ended) {
      const text = this.#next();
      if (text !== '') {
        send(text);
        return;
      }
      if (this.#log.closed) {
        this.end();
        controller.close();
        return;
      }
      const cause = await new Promise<'event' | 'silence' | 'end'>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
      this.#lastTakenMs = this.#nowMs;
      if (cause === 'silence') {
        send(': keepalive\n\n');
        return;
      }
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#offChange();
    this.#wake?.('end');
    this.#options.onEnd();
  }

  /** Moves the cursor; empty when there is nothing that the reader accepts. */
  #next(): string {
    let text = '';
    while (text === '' && this.#cursor < this.#log.lastSeq) {
      const events = this.#log.events(this.#cursor, CHUNK_EVENTS);
      const [first] = events;
      if (!first) break;
      if (first.seq > this.#cursor + 1)
        text += `: events ${this.#cursor + 1} to ${first.seq - 1} are no longer kept\n\n`;
      for (const event of events) {
        if (text.length >= CHUNK_CHARACTERS) break;
        this.#cursor = event.seq;
        if (this.#options.accepts(event)) text += `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
      }
    }
    return text;
  }

  get #nowMs(): number {
    return this.#log.clock.now().monotonicMs;
  }

  #tick(): void {
    const nowMs = this.#nowMs;
    if (this.#wake) {
      if (nowMs - this.#lastSentMs >= this.#options.keepaliveMs / 2) this.#wake('silence');
    } else if (this.#log.lastSeq > this.#cursor && nowMs - this.#lastTakenMs >= this.#options.stallMs) {
      this.end();
      this.#options.onStall();
    }
  }
}
