import { hash } from 'node:crypto';

export type HmacAlgorithm = 'sha1' | 'sha256';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = { sha1: 20, sha256: 32 } as const satisfies Record<HmacAlgorithm, number>;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const INITIAL_ROOM = 2048;
/** The blocks of an empty key, and of none. */
const INNER_BLOCK = Buffer.alloc(BLOCK_BYTES, INNER_PAD);
const OUTER_BLOCK = Buffer.alloc(BLOCK_BYTES, OUTER_PAD);
const NO_BLOCK = Buffer.alloc(BLOCK_BYTES);

/** What is hashed first: a block of the key, then the data. Filled anew by each call, and wiped of the key at its end. */
let inner = Buffer.alloc(BLOCK_BYTES + INITIAL_ROOM);
const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES.sha256);

/**
 * HMAC (RFC 2104) of `parts`, one behind the other. Two hashes of one call each, out of buffers that are there already: for the few hundred bytes
 * of a STUN message that is cheaper than the stream object and the buffer outside the heap that `createHmac` makes for each.
 */
export function hmac(algorithm: HmacAlgorithm, key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const digestBytes = DIGEST_BYTES[algorithm];
  setKey(key.length > BLOCK_BYTES ? hash(algorithm, key, 'buffer') : key);
  const end = append(parts);
  outer.write(hash(algorithm, inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
  const digest = Buffer.allocUnsafe(digestBytes);
  digest.write(hash(algorithm, outer.subarray(0, BLOCK_BYTES + digestBytes), 'binary'), 'latin1');
  inner.set(NO_BLOCK);
  outer.set(NO_BLOCK);
  return digest;
}

function setKey(key: Uint8Array): void {
  inner.set(INNER_BLOCK);
  outer.set(OUTER_BLOCK);
  for (let i = 0; i < key.length; i++) {
    const byte = key[i] ?? 0;
    inner[i] = byte ^ INNER_PAD;
    outer[i] = byte ^ OUTER_PAD;
  }
}

/** Copies data behind what is there. Returns the offset at which it ends. */
function append(parts: readonly Uint8Array[]): number {
  let end = BLOCK_BYTES;
  for (const { length } of parts) end += length;
  if (end > inner.length) {
    const larger = Buffer.alloc(Math.max(end, inner.length * 2));
    inner.copy(larger, 0, 0, BLOCK_BYTES);
    inner.fill(0, 0, BLOCK_BYTES);
    inner = larger;
  }
  let at = BLOCK_BYTES;
  for (const part of parts) {
    inner.set(part, at);
    at += part.length;
  }
  return end;
}
