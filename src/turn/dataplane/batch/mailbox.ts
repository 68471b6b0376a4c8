import { SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';

/** Words of a message before its data: length, kind, three numbers, a spare one, a time, an address. */
const HEADER_WORDS = 16;
const LENGTH = 0;
const KIND = 1;
const FIRST = 2;
const SECOND = 3;
const THIRD = 4;
/** In doubles. */
const TIME = 3;
const ADDRESS = 8;
/** Instead of a length: the rest up to the end of the ring is empty. */
const SKIP = 0xffff_ffff;

/** Words before the ring: where is written, where is read, up to where what was read is done with. */
const STATE_WORDS = 16;
const WRITTEN = 0;
const READ = 4;
const DONE = 8;

/** Bytes of shared memory for a mailbox whose ring has `ringBytes`, a power of two. */
export function mailboxMemory(ringBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(STATE_WORDS * 4 + ringBytes);
}

/**
 * Messages from one thread to one other in order, in shared memory: a kind, three numbers, a time, an address and some bytes. Positions count on and
 * wrap at 2^32.
 */
class Mailbox {
  protected readonly state: Int32Array;
  protected readonly bytes: Uint8Array;
  protected readonly ringWords: Uint32Array;
  protected readonly times: Float64Array;
  protected readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    const at = STATE_WORDS * 4;
    this.state = new Int32Array(memory, 0, STATE_WORDS);
    this.bytes = new Uint8Array(memory, at);
    this.ringWords = new Uint32Array(memory, at);
    this.times = new Float64Array(memory, at);
    this.mask = memory.byteLength - at - 1;
  }
}

export class MailboxWriter extends Mailbox {
  #at = 0;

  /** False when there is no room now: nothing is written. `words[addressAt]`: eight words of an address. */
  post(
    kind: number,
    first: number,
    second: number,
    third: number,
    timeMs: number,
    address: Uint32Array | undefined,
    addressAt: number,
    data: Uint8Array | undefined,
    offset: number,
    length: number,
  ): boolean {
    const size = (HEADER_WORDS * 4 + length + 7) & ~7;
    const capacity = this.mask + 1;
    const toEnd = capacity - (this.#at & this.mask);
    const needed = size > toEnd ? toEnd + size : size;
    const used = (this.#at - Atomics.load(this.state, READ)) >>> 0;
    if (used + needed > capacity) return false;
    if (size > toEnd) {
      this.ringWords[(this.#at & this.mask) >> 2] = SKIP;
      this.#at = (this.#at + toEnd) >>> 0;
    }
    const start = this.#at & this.mask;
    const word = start >> 2;
    this.ringWords[word + LENGTH] = length;
    this.ringWords[word + KIND] = kind;
    this.ringWords[word + FIRST] = first;
    this.ringWords[word + SECOND] = second;
    this.ringWords[word + THIRD] = third;
    this.times[(start >> 3) + TIME] = timeMs;
    if (address) {
      for (let i = 0; i < SOCKADDR_WORDS; i++) this.ringWords[word + ADDRESS + i] = address[addressAt + i] ?? 0;
    }
    if (data) this.bytes.set(data.subarray(offset, offset + length), start + HEADER_WORDS * 4);
    this.#at = (this.#at + size) >>> 0;
    Atomics.store(this.state, WRITTEN, this.#at);
    return true;
  }

  /** Share of the ring that waits to be read, from 0 to 1. */
  get fill(): number {
    return ((this.#at - Atomics.load(this.state, READ)) >>> 0) / (this.mask + 1);
  }

  /** Position behind the last message, for `isDone`. */
  get position(): number {
    return this.#at;
  }

  /** Whether the reader has done with all up to a position. */
  isDone(position: number): boolean {
    return ((Atomics.load(this.state, DONE) - position) | 0) >= 0;
  }

  /** Waits until the reader has taken something, for a time. Holds up this thread. */
  waitForRoom(timeoutMs: number): void {
    Atomics.wait(this.state, READ, Atomics.load(this.state, READ), timeoutMs);
  }
}

export class MailboxReader extends Mailbox {
  #at = 0;
  #next = 0;
  #word = 0;
  /** As large as the ring, of which no more is touched than the longest message has. */
  #room: Buffer | undefined;

  /** Goes to the next message, if there is one. What was told of the one before is void then. */
  take(): boolean {
    this.#free();
    if (Atomics.load(this.state, WRITTEN) === (this.#at | 0)) return false;
    let start = this.#at & this.mask;
    if (this.ringWords[start >> 2] === SKIP) {
      this.#at = (this.#at + this.mask + 1 - start) >>> 0;
      start = 0;
    }
    this.#word = start >> 2;
    this.#next = (this.#at + ((HEADER_WORDS * 4 + this.length + 7) & ~7)) >>> 0;
    return true;
  }

  /** Whether a message waits. */
  get hasMore(): boolean {
    return Atomics.load(this.state, WRITTEN) !== (this.#next | 0);
  }

  /** Position behind the last message that was posted, for `hasRead`. */
  get end(): number {
    return Atomics.load(this.state, WRITTEN);
  }

  /** Whether all up to a position was taken and is done with. */
  hasRead(position: number): boolean {
    return ((this.#at - position) | 0) >= 0;
  }

  /** Everything that was taken has had its effect. */
  setDone(): void {
    Atomics.store(this.state, DONE, this.#at);
  }

  get kind(): number {
    return this.ringWords[this.#word + KIND] ?? 0;
  }

  get first(): number {
    return this.ringWords[this.#word + FIRST] ?? 0;
  }

  get second(): number {
    return this.ringWords[this.#word + SECOND] ?? 0;
  }

  get third(): number {
    return this.ringWords[this.#word + THIRD] ?? 0;
  }

  get timeMs(): number {
    return this.times[(this.#word >> 1) + TIME] ?? 0;
  }

  get words(): Uint32Array {
    return this.ringWords;
  }

  /** Index in `words` of the first word of the address. */
  get addressAt(): number {
    return this.#word + ADDRESS;
  }

  get length(): number {
    return this.ringWords[this.#word + LENGTH] ?? 0;
  }

  /** The bytes of the message, in room that is used again: good until this is asked of another one. */
  get data(): Buffer {
    this.#room ??= Buffer.allocUnsafeSlow(this.mask + 1);
    this.copyInto(this.#room, 0);
    return this.#room.subarray(0, this.length);
  }

  /** The bytes of the message, a copy. */
  copyData(): Buffer {
    const start = this.#word * 4 + HEADER_WORDS * 4;
    return Buffer.from(this.bytes.slice(start, start + this.length).buffer);
  }

  /** Copies the bytes of the message. */
  copyInto(into: Uint8Array, at: number): void {
    const start = this.#word * 4 + HEADER_WORDS * 4;
    into.set(this.bytes.subarray(start, start + this.length), at);
  }

  /** Gives back the room of what was read. */
  #free(): void {
    if (this.#next === this.#at) return;
    this.#at = this.#next;
    Atomics.store(this.state, READ, this.#at);
    Atomics.notify(this.state, READ);
  }
}
