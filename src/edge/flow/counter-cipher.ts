import { type Cipher, createCipheriv } from 'node:crypto';

const BLOCK_BYTES = 16;

/**
 * AES-256 in counter mode (NIST SP 800-38A §6.5) under one key that is used over and over. Node makes an object for each initial vector, which costs more
 * than a short text does; here one that encrypts single blocks stands ready, and is given the counters.
 */
export class CounterCipher {
  readonly #blocks: Cipher;
  /** Of the last data: mostly the next one is as long. */
  #counters: Buffer = Buffer.alloc(BLOCK_BYTES);

  /** `key`: 32 bytes. */
  constructor(key: Uint8Array) {
    this.#blocks = createCipheriv('aes-256-ecb', key, null);
  }

  /** Encrypts `data` in place, or decrypts it. `initial` begins with the counter of the first block, 16 bytes, never twice the same for other data. */
  apply(initial: Uint8Array, data: Uint8Array): void {
    const bytes = Math.max(1, Math.ceil(data.length / BLOCK_BYTES)) * BLOCK_BYTES;
    if (this.#counters.length !== bytes) this.#counters = Buffer.alloc(bytes);
    const counters = this.#counters;
    for (let i = 0; i < BLOCK_BYTES; i++) counters[i] = initial[i] ?? 0;
    for (let at = BLOCK_BYTES; at < counters.length; at += BLOCK_BYTES) {
      counters.copyWithin(at, at - BLOCK_BYTES, at);
      increment(counters, at + BLOCK_BYTES - 1);
    }
    const stream = this.#blocks.update(counters);
    for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) ^ (stream[i] ?? 0);
  }
}

/** Adds one to the counter whose last byte is at `last`. */
function increment(counters: Buffer, last: number): void {
  for (let at = last; at > last - BLOCK_BYTES; at--) {
    const sum = (counters[at] ?? 0) + 1;
    counters[at] = sum;
    if (sum <= 0xff) return;
  }
}
