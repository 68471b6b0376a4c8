/**
 * Bytes that come in pieces and are read in one. It holds at most twice what came, in memory of its own, so that no piece keeps what it was cut
 * from.
 */
export class ByteStore {
  #bytes: Buffer;
  #length: number;

  constructor(first: Uint8Array) {
    this.#bytes = Buffer.allocUnsafeSlow(first.length);
    this.#bytes.set(first);
    this.#length = first.length;
  }

  get length(): number {
    return this.#length;
  }

  append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** All of it: the last that is asked of a store. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
