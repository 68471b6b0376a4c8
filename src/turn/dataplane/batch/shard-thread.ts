import { Worker } from 'node:worker_threads';
import { Poll, WakeUp } from '../../kernel/poll.ts';
import { type SystemCalls } from '../../kernel/system-calls.ts';
import { mailboxMemory, MailboxReader, MailboxWriter } from './mailbox.ts';
import { countersMemory, ShardCounters } from './shard-counters.ts';
import { type Command, Flag, FLAG_BYTES, WAKE_UP, type ShardStart } from './shard-words.ts';

const COMMAND_BYTES = 1 << 20;
const EVENT_BYTES = 1 << 20;
/** A shard comes back within half a second; after so many tries it is dead. */
const ROOM_TRIES = 200;
const ROOM_WAIT_MS = 25;
/** Events read before the event loop has its turn. */
const EVENTS_AT_ONCE = 256;

export interface ShardThreadOptions {
  readonly relaySlots: number;
  readonly clockOffsetMs: number;
  readonly seed: number;
  readonly joins: boolean;
  readonly buckets: SharedArrayBuffer;
}

export interface ShardThreadPorts {
  readonly calls: SystemCalls;
  /** One event of the shard; void after the call. */
  readonly onEvent: (event: MailboxReader) => void;
  /** The events that have come are read. */
  readonly onEventsRead: () => void;
  /** The thread has ended without being told to. */
  readonly onFailed: (error: Error) => void;
}

/** A shard as the main thread has it: its thread, its mailboxes, its poll. */
export class ShardThread {
  readonly counters: ShardCounters;
  readonly poll: Poll;
  readonly #flags: Int32Array;
  readonly #commands: MailboxWriter;
  readonly #events: MailboxReader;
  readonly #wakeUp: WakeUp;
  readonly #ports: ShardThreadPorts;
  readonly #start: ShardStart;
  #ended: Promise<void> | undefined;
  #isStopping = false;
  /** The thread has ended by itself: nobody hears what is said, and nobody works with what was. */
  #hasFailed = false;

  constructor(options: ShardThreadOptions, ports: ShardThreadPorts) {
    const { calls } = ports;
    this.#ports = ports;
    this.poll = new Poll(calls);
    this.#wakeUp = wakeUpIn(this.poll, calls);
    this.#start = {
      ...options,
      pollFd: this.poll.fd,
      wakeUpFd: this.#wakeUp.fd,
      flags: new SharedArrayBuffer(FLAG_BYTES),
      commands: mailboxMemory(COMMAND_BYTES),
      events: mailboxMemory(EVENT_BYTES),
      counters: countersMemory(options.relaySlots),
    };
    this.#flags = new Int32Array(this.#start.flags);
    this.#commands = new MailboxWriter(this.#start.commands);
    this.#events = new MailboxReader(this.#start.events);
    this.counters = new ShardCounters(this.#start.counters);
  }

  /** Starts the thread. Resolves when it serves. Throws what it threw, or that the system grants no further thread. */
  async start(): Promise<void> {
    const worker = new Worker(new URL('./shard-entry.js', import.meta.url), { workerData: this.#start });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        reject(endedBy(code));
      });
      worker.on('message', (message) => {
        if (message === 'ready') resolve();
        else this.#readEvents();
      });
    });
    worker.on('error', (error) => {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    worker.once('exit', (code) => {
      this.#fail(endedBy(code));
    });
  }

  /** Says something to the shard, which hears it before it serves what comes later. Throws when the shard is dead. */
  tell(kind: Command, first: number, second = 0, timeMs = 0, words?: Uint32Array, data?: Uint8Array): void {
    const length = data?.length ?? 0;
    for (let i = 0; i < ROOM_TRIES && !this.#hasFailed; i++) {
      if (this.#commands.post(kind, first, second, 0, timeMs, words, 0, data, 0, length)) return;
      this.wake();
      this.#commands.waitForRoom(ROOM_WAIT_MS);
    }
    if (!this.#hasFailed) throw new Error('a thread of the data plane does not answer');
  }

  /** Says something that may be lost when much waits already, and has the shard hear it now. */
  tellNow(kind: Command, first: number, words: Uint32Array | undefined, data: Uint8Array): boolean {
    const isSaid =
      this.#commands.fill < 0.5 && this.#commands.post(kind, first, 0, 0, 0, words, 0, data, 0, data.length);
    this.wake();
    return isSaid;
  }

  wake(): void {
    if (Atomics.exchange(this.#flags, Flag.ShardAsleep, 0) === 1) this.#wakeUp.wake();
  }

  /** Position of what was said last, for `hasDone`. */
  get position(): number {
    return this.#commands.position;
  }

  /** Whether all that was said up to a position has had its effect, and nothing that the shard does rests on what was before. */
  hasDone(position: number): boolean {
    return this.#hasFailed || this.#commands.isDone(position);
  }

  /** Position of what the shard has told last, for `wasHeard`. */
  get eventsEnd(): number {
    return this.#events.end;
  }

  /** Whether all that the shard has told up to a position is served. */
  wasHeard(position: number): boolean {
    return this.#hasFailed || this.#events.hasRead(position);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.sayStop();
    await this.#ended;
    this.close();
  }

  /** Once no thread runs. */
  close(): void {
    this.poll.close();
    this.#wakeUp.close();
  }

  /** A thread in a system call cannot be ended from outside: it is woken and ends by itself. */
  sayStop(): void {
    Atomics.store(this.#flags, Flag.Stopped, 1);
    this.#wakeUp.wake();
  }

  readonly #readEvents = (): void => {
    Atomics.store(this.#flags, Flag.MainTold, 0);
    let read = 0;
    while (read < EVENTS_AT_ONCE && this.#events.take()) {
      read++;
      this.#ports.onEvent(this.#events);
    }
    this.#ports.onEventsRead();
    if (read === EVENTS_AT_ONCE) setImmediate(this.#readEvents);
  };

  #fail(error: Error): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#hasFailed = true;
    this.#ports.onFailed(error);
  }
}

function endedBy(code: number): Error {
  return new Error(`a thread of the data plane ended with code ${code}`);
}

/** Closes the poll where the system grants no further descriptor. */
function wakeUpIn(poll: Poll, calls: SystemCalls): WakeUp {
  try {
    const wakeUp = new WakeUp(calls);
    poll.add(wakeUp.fd, WAKE_UP);
    return wakeUp;
  } catch (error) {
    poll.close();
    throw error;
  }
}
