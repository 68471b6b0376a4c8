import { hash } from 'node:crypto';
import { hmac } from './hmac.ts';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const INITIAL_ROOM = 448;
/** UTF-8 bytes of one UTF-16 unit at most. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * HMAC-SHA-256 (RFC 2104) under one key that is used over and over: the blocks of the key stand ready, and each digest is two hashes of one call each. For
 * short texts that takes a third of the time of `createHmac`. For a key that is used once, see `hmac`.
 */
export class KeyedHmac {
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  /** The block of the key, then the data of the last digest. */
  #inner = Buffer.alloc(BLOCK_BYTES + INITIAL_ROOM);

  /** `key` is copied. */
  constructor(key: Uint8Array) {
    const block = key.length > BLOCK_BYTES ? Buffer.from(hash('sha256', key, 'hex'), 'hex') : key;
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const byte = block[i] ?? 0;
      this.#inner[i] = byte ^ INNER_PAD;
      this.#outer[i] = byte ^ OUTER_PAD;
    }
  }

  /** A key for one purpose, derived from a key for several. */
  static derived(key: Uint8Array, purpose: string): KeyedHmac {
    return new KeyedHmac(hmac('sha256', key, Buffer.from(purpose)));
  }

  /** 32 bytes. A text stands for its UTF-8. */
  digest(data: string | Uint8Array): Buffer {
    return Buffer.from(this.#digest(data, 'binary'), 'latin1');
  }

  /** The digest as 43 characters of base64url. */
  digestText(data: string | Uint8Array): string {
    return this.#digest(data, 'base64url');
  }

  #digest(data: string | Uint8Array, encoding: 'binary' | 'base64url'): string {
    const maxBytes = typeof data === 'string' ? data.length * MAX_BYTES_PER_UNIT : data.length;
    if (BLOCK_BYTES + maxBytes > this.#inner.length) this.#grow(maxBytes);
    const inner = this.#inner;
    let end = BLOCK_BYTES;
    if (typeof data === 'string') end += inner.write(data, BLOCK_BYTES, 'utf8');
    else {
      inner.set(data, BLOCK_BYTES);
      end += data.length;
    }
    this.#outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
    return hash('sha256', this.#outer, encoding);
  }

  #grow(dataBytes: number): void {
    const larger = Buffer.alloc(BLOCK_BYTES + dataBytes);
    this.#inner.copy(larger, 0, 0, BLOCK_BYTES);
    this.#inner = larger;
  }
}
