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
/** What is hashed second: a block of the key, then the digest of what was hashed first. */
const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES.sha256);
const OUTER = {
  sha1: outer.subarray(0, BLOCK_BYTES + DIGEST_BYTES.sha1),
  sha256: outer,
} as const satisfies Record<HmacAlgorithm, Buffer>;

/** HMAC (RFC 2104) of `parts`, one behind the other. */
export function hmac(algorithm: HmacAlgorithm, key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  let end = BLOCK_BYTES;
  for (const { length } of parts) end += length;
  reserve(end);
  let at = BLOCK_BYTES;
  for (const part of parts) {
    inner.set(part, at);
    at += part.length;
  }
  return Buffer.from(digest(algorithm, key, end), 'latin1');
}

/**
 * HMAC (RFC 2104) of `head` and then of `bytes[from, to)`, each byte of it a character (latin1). Two hashes of one call each, out of buffers that
 * are there already: for the few hundred bytes of a STUN message that is cheaper than the stream object and the buffers that `createHmac` makes
 * for each.
 */
export function hmacText(
  algorithm: HmacAlgorithm,
  key: Uint8Array,
  head: Uint8Array,
  bytes: Buffer,
  from: number,
  to: number,
): string {
  const dataAt = BLOCK_BYTES + head.length;
  const end = dataAt + to - from;
  reserve(end);
  inner.set(head, BLOCK_BYTES);
  bytes.copy(inner, dataAt, from, to);
  return digest(algorithm, key, end);
}

/** Of the data that stands in `inner` behind the place for the key. */
function digest(algorithm: HmacAlgorithm, key: Uint8Array, end: number): string {
  setKey(key.length > BLOCK_BYTES ? hash(algorithm, key, 'buffer') : key);
  outer.write(hash(algorithm, inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
  const digested = hash(algorithm, OUTER[algorithm], 'binary');
  inner.set(NO_BLOCK);
  outer.set(NO_BLOCK);
  return digested;
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

function reserve(end: number): void {
  if (end > inner.length) inner = Buffer.alloc(Math.max(end, inner.length * 2));
}
