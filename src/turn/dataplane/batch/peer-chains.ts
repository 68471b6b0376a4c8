import { SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { grownInts } from './grown.ts';

const NONE = -1;
/** Instead of the channel of a datagram that came in a Send indication. */
export const NO_CHANNEL = -1;
const ENTRIES = 4096;
const FIRST_RELAYS = 1024;

/** Datagrams for peers as they have come, in a chain for each relay that sends them. */
export class PeerChains {
  /** Channel, or `NO_CHANNEL` and below: another number for each peer that is not the one before of its relay. */
  readonly channels = new Int32Array(ENTRIES);
  /** Eight words for each entry without a channel: the peer. */
  readonly addresses = new Uint32Array(ENTRIES * SOCKADDR_WORDS);
  readonly offsets = new Int32Array(ENTRIES);
  readonly lengths = new Int32Array(ENTRIES);
  readonly #next = new Int32Array(ENTRIES);
  readonly #relays = new Int32Array(ENTRIES);
  #first = new Int32Array(FIRST_RELAYS).fill(NONE);
  #last = new Int32Array(FIRST_RELAYS).fill(NONE);
  #entries = 0;
  #relayCount = 0;

  get isFull(): boolean {
    return this.#entries === ENTRIES;
  }

  /** How many relays have something to send. */
  get relayCount(): number {
    return this.#relayCount;
  }

  relayAt(index: number): number {
    return this.#relays[index] ?? 0;
  }

  /** `words[at]`: the peer, which is kept where there is no channel. */
  add(relay: number, channel: number, words: Uint32Array, at: number, offset: number, length: number): void {
    if (relay >= this.#first.length) {
      this.#first = grownInts(this.#first, relay + 1, NONE);
      this.#last = grownInts(this.#last, relay + 1, NONE);
    }
    const entry = this.#entries++;
    const last = this.#last[relay] ?? NONE;
    this.channels[entry] = channel === NO_CHANNEL ? this.#keep(entry, last, words, at) : channel;
    this.offsets[entry] = offset;
    this.lengths[entry] = length;
    this.#next[entry] = NONE;
    if (last === NONE) {
      this.#first[relay] = entry;
      this.#relays[this.#relayCount++] = relay;
    } else this.#next[last] = entry;
    this.#last[relay] = entry;
  }

  firstOf(relay: number): number {
    return this.#first[relay] ?? NONE;
  }

  nextOf(entry: number): number {
    return this.#next[entry] ?? NONE;
  }

  /** Copies a peer; the number that it has in place of a channel. */
  #keep(entry: number, last: number, words: Uint32Array, at: number): number {
    const to = entry * SOCKADDR_WORDS;
    let isSame = last !== NONE && (this.channels[last] ?? 0) <= NO_CHANNEL;
    for (let i = 0; i < SOCKADDR_WORDS; i++) {
      const word = words[at + i] ?? 0;
      this.addresses[to + i] = word;
      if (isSame && this.addresses[last * SOCKADDR_WORDS + i] !== word) isSame = false;
    }
    return isSame ? (this.channels[last] ?? 0) : NO_CHANNEL - entry;
  }

  clear(): void {
    for (let i = 0; i < this.#relayCount; i++) {
      const relay = this.#relays[i] ?? 0;
      this.#first[relay] = NONE;
      this.#last[relay] = NONE;
    }
    this.#relayCount = 0;
    this.#entries = 0;
  }
}
