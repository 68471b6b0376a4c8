/**
 * Memory at an address that stays, so that structs of the kernel in it can point to one another. Its pages are taken from the system when they
 * are first written to.
 */
export class NativeMemory {
  readonly address: number;
  readonly bytes: Buffer;
  readonly uint16: Uint16Array;
  readonly uint32: Uint32Array;
  readonly int32: Int32Array;

  /** `addressOf` tells where a buffer lies. */
  constructor(size: number, addressOf: (buffer: Buffer) => bigint) {
    const padded = (size + 7) & ~7;
    const memory = new ArrayBuffer(padded);
    this.bytes = Buffer.from(memory);
    this.uint16 = new Uint16Array(memory);
    this.uint32 = new Uint32Array(memory);
    this.int32 = new Int32Array(memory);
    this.address = Number(addressOf(this.bytes));
  }

  /** Writes a pointer or a `size_t` at a multiple of four; both are below 2^53. */
  setWord64(at: number, value: number): void {
    const index = at >> 2;
    this.uint32[index] = value % 0x1_0000_0000;
    this.uint32[index + 1] = Math.floor(value / 0x1_0000_0000);
  }
}
