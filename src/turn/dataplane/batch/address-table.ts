/** Words of an entry: the owner, the address in five, the value. */
const STRIDE = 8;
const EMPTY = 0;
const FIRST_CAPACITY = 64;
const AF_INET = 2;

/**
 * Numbers by owner and transport address, looked up without an allocation or a conversion: the address is compared as the kernel wrote it. Both
 * owner and value are numbers from 0 on. The seed keeps those who may choose addresses from choosing which collide.
 */
export class AddressTable {
  readonly #seed: number;
  #entries = new Uint32Array(FIRST_CAPACITY * STRIDE);
  #mask = FIRST_CAPACITY - 1;
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The number under an address, or -1. `first` is the first word of the address, which has family and port: `words[at]`, or what `hostOf` makes
   * of it. A zone makes no difference.
   */
  find(owner: number, first: number, words: Uint32Array, at: number): number {
    const place = this.#placeOf(owner, first, words, at);
    return (this.#entries[place * STRIDE] ?? EMPTY) === EMPTY ? -1 : (this.#entries[place * STRIDE + 7] ?? 0);
  }

  set(owner: number, first: number, words: Uint32Array, at: number, value: number): void {
    let place = this.#placeOf(owner, first, words, at);
    if (this.#entries[place * STRIDE] === EMPTY) {
      if (this.#size * 2 > this.#mask) {
        this.#grow();
        place = this.#placeOf(owner, first, words, at);
      }
      this.#size++;
      const start = place * STRIDE;
      this.#entries[start] = owner + 1;
      this.#entries[start + 1] = first;
      const isV4 = (first & 0xffff) === AF_INET;
      this.#entries[start + 2] = isV4 ? (words[at + 1] ?? 0) : (words[at + 2] ?? 0);
      for (let i = 3; i < 6; i++) this.#entries[start + i] = isV4 ? 0 : (words[at + i] ?? 0);
    }
    this.#entries[place * STRIDE + 7] = value;
  }

  delete(owner: number, first: number, words: Uint32Array, at: number): void {
    let hole = this.#placeOf(owner, first, words, at);
    if (this.#entries[hole * STRIDE] === EMPTY) return;
    this.#size--;
    // What stands behind moves up, so that no search ends early.
    for (let next = (hole + 1) & this.#mask; this.#entries[next * STRIDE] !== EMPTY; next = (next + 1) & this.#mask) {
      const home = this.#homeOfEntry(next);
      const reaches = hole <= next ? home <= hole || home > next : home <= hole && home > next;
      if (!reaches) continue;
      this.#entries.copyWithin(hole * STRIDE, next * STRIDE, (next + 1) * STRIDE);
      hole = next;
    }
    this.#entries.fill(0, hole * STRIDE, (hole + 1) * STRIDE);
  }

  #placeOf(owner: number, first: number, words: Uint32Array, at: number): number {
    const isV4 = (first & 0xffff) === AF_INET;
    const a = isV4 ? (words[at + 1] ?? 0) : (words[at + 2] ?? 0);
    const b = isV4 ? 0 : (words[at + 3] ?? 0);
    const c = isV4 ? 0 : (words[at + 4] ?? 0);
    const d = isV4 ? 0 : (words[at + 5] ?? 0);
    const entries = this.#entries;
    let place = this.#home(owner + 1, first, a, b, c, d);
    for (;;) {
      const start = place * STRIDE;
      const held = entries[start];
      if (held === EMPTY) return place;
      if (
        held === owner + 1 &&
        entries[start + 1] === first &&
        entries[start + 2] === a &&
        entries[start + 3] === b &&
        entries[start + 4] === c &&
        entries[start + 5] === d
      ) {
        return place;
      }
      place = (place + 1) & this.#mask;
    }
  }

  #homeOfEntry(place: number): number {
    const start = place * STRIDE;
    const entries = this.#entries;
    return this.#home(
      entries[start] ?? 0,
      entries[start + 1] ?? 0,
      entries[start + 2] ?? 0,
      entries[start + 3] ?? 0,
      entries[start + 4] ?? 0,
      entries[start + 5] ?? 0,
    );
  }

  #home(owner: number, first: number, a: number, b: number, c: number, d: number): number {
    let hash = mix(this.#seed ^ owner);
    hash = mix(hash ^ first);
    hash = mix(hash ^ a);
    if (b !== 0 || c !== 0 || d !== 0) hash = mix(mix(mix(hash ^ b) ^ c) ^ d);
    return hash & this.#mask;
  }

  #grow(): void {
    const old = this.#entries;
    const capacity = (this.#mask + 1) * 2;
    this.#entries = new Uint32Array(capacity * STRIDE);
    this.#mask = capacity - 1;
    for (let start = 0; start < old.length; start += STRIDE) {
      if (old[start] === EMPTY) continue;
      let place = this.#home(
        old[start] ?? 0,
        old[start + 1] ?? 0,
        old[start + 2] ?? 0,
        old[start + 3] ?? 0,
        old[start + 4] ?? 0,
        old[start + 5] ?? 0,
      );
      while (this.#entries[place * STRIDE] !== EMPTY) place = (place + 1) & this.#mask;
      this.#entries.set(old.subarray(start, start + STRIDE), place * STRIDE);
    }
  }
}

/** The first word of an address without its port, under which permissions stand (RFC 8656 §2.3). */
export function hostOf(first: number): number {
  return first & 0xffff;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
