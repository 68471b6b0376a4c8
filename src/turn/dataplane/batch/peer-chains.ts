import { grownInts } from './grown.ts';

const NONE = -1;
const ENTRIES = 4096;
const FIRST_RELAYS = 1024;

/** Datagrams for peers as they have come, in a chain for each relay that sends them. */
export class PeerChains {
  readonly channels = new Int32Array(ENTRIES);
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

  add(relay: number, channel: number, offset: number, length: number): void {
    if (relay >= this.#first.length) {
      this.#first = grownInts(this.#first, relay + 1, NONE);
      this.#last = grownInts(this.#last, relay + 1, NONE);
    }
    const entry = this.#entries++;
    this.channels[entry] = channel;
    this.offsets[entry] = offset;
    this.lengths[entry] = length;
    this.#next[entry] = NONE;
    const last = this.#last[relay] ?? NONE;
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
