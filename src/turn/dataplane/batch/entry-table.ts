import { SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { grownDoubles, grownInts, grownWords } from './grown.ts';

const NONE = -1;
const FIRST_CAPACITY = 64;

/** Permissions or channels: entries with a number, an address and an end, in a chain for each relay. Known by small numbers that are used again. */
export class EntryTable {
  /** Eight words for each entry: the peer. */
  addresses = new Uint32Array(FIRST_CAPACITY * SOCKADDR_WORDS);
  /** Monotonic milliseconds. */
  ends = new Float64Array(FIRST_CAPACITY);
  relays = new Int32Array(FIRST_CAPACITY);
  /** Channel number of a channel; 1 of a permission that is open, else 0. */
  numbers = new Int32Array(FIRST_CAPACITY);
  #next = new Int32Array(FIRST_CAPACITY);
  #previous = new Int32Array(FIRST_CAPACITY);
  #heads = new Int32Array(FIRST_CAPACITY).fill(NONE);
  readonly #free: number[] = [];
  #count = 0;

  add(relay: number, number: number, endMs: number, words: Uint32Array, at: number): number {
    const id = this.#free.pop() ?? this.#count++;
    this.#reserve(id, relay);
    for (let i = 0; i < SOCKADDR_WORDS; i++) this.addresses[id * SOCKADDR_WORDS + i] = words[at + i] ?? 0;
    this.ends[id] = endMs;
    this.relays[id] = relay;
    this.numbers[id] = number;
    const head = this.#heads[relay] ?? NONE;
    this.#next[id] = head;
    this.#previous[id] = NONE;
    if (head !== NONE) this.#previous[head] = id;
    this.#heads[relay] = id;
    return id;
  }

  remove(id: number): void {
    const next = this.#next[id] ?? NONE;
    const previous = this.#previous[id] ?? NONE;
    if (previous === NONE) this.#heads[this.relays[id] ?? 0] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.ends[id] = 0;
    this.#free.push(id);
  }

  /** One of the entries of a relay, or -1. */
  firstOf(relay: number): number {
    return this.#heads[relay] ?? NONE;
  }

  #reserve(id: number, relay: number): void {
    this.addresses = grownWords(this.addresses, (id + 1) * SOCKADDR_WORDS);
    this.ends = grownDoubles(this.ends, id + 1);
    this.relays = grownInts(this.relays, id + 1);
    this.numbers = grownInts(this.numbers, id + 1);
    this.#next = grownInts(this.#next, id + 1);
    this.#previous = grownInts(this.#previous, id + 1);
    this.#heads = grownInts(this.#heads, relay + 1, NONE);
  }
}
