import { randomFillSync } from 'node:crypto';
import { type OwnText } from './own-text.ts';

const POOL_BYTES = 4096;

/**
 * Unpredictable bytes, drawn from the system in larger portions: a call for 8 bytes costs a microsecond less each time than one of its
 * own. What has been handed out is wiped from the pool.
 */
export function createRandomPool(): (count: number) => Buffer {
  const pool = new Pool();
  return (count) => {
    const bytes = Buffer.allocUnsafe(count);
    if (count > POOL_BYTES) return randomFillSync(bytes);
    const start = pool.draw(count);
    pool.bytes.copy(bytes, 0, start, start + count);
    pool.wipe(start, count);
    return bytes;
  };
}

/** The same as base64url, for up to 4096 bytes: no buffer is made of them. */
export function createRandomTexts(): (count: number) => OwnText {
  const pool = new Pool();
  return (count) => {
    const start = pool.draw(count);
    const text = pool.bytes.toString('base64url', start, start + count);
    pool.wipe(start, count);
    return text as OwnText;
  };
}

class Pool {
  readonly bytes = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  /** Where `count` bytes begin that nobody has had. */
  draw(count: number): number {
    if (this.#used + count > POOL_BYTES) {
      randomFillSync(this.bytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += count;
    return start;
  }

  wipe(start: number, count: number): void {
    this.bytes.fill(0, start, start + count);
  }
}
