import { type NativeMemory } from '../../kernel/native-memory.ts';
import { SendQueue, type SendTally } from '../../kernel/send-queue.ts';
import { type SystemCalls } from '../../kernel/system-calls.ts';

const BYTES = 256 * 1024;

/** What the main thread sends: answers, indications and their data. It leaves together once what has come is served, so that a client is woken once. */
export class Outgoing {
  readonly #queue: SendQueue;
  readonly #memory: NativeMemory;
  #at = 0;
  #isPlanned = false;
  /** Another number for each, as no two are known to go to one place. */
  #destination = 0;

  constructor(calls: SystemCalls, tally: SendTally, joins: boolean) {
    this.#queue = new SendQueue(calls, tally, joins);
    this.#memory = calls.memory(BYTES);
  }

  /** `data` is the caller's again on return. */
  add(fd: number, owner: number, data: Uint8Array, words: Uint32Array, at: number): void {
    if (this.#at + data.length > BYTES) this.flush();
    this.#memory.bytes.set(data, this.#at);
    this.#destination = (this.#destination + 1) | 0;
    this.#queue.add(fd, owner, this.#destination, this.#memory.address + this.#at, data.length, 0, words, at);
    this.#at += data.length;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(this.flush);
  }

  readonly flush = (): void => {
    this.#isPlanned = false;
    this.#queue.flush();
    this.#at = 0;
  };
}
