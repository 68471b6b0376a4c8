import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
export const collect = runInNewContext('gc') as () => void;

const MESSAGES = 400;
export const MESSAGE_LENGTH = 20_000;
/** Bytes: what is kept itself, and what the rest of the process does meanwhile. */
export const LITTLE = 1000;
const ROUNDS = 3;

/** A message as it comes from a socket: flat, of one byte a character, or of two. */
export function messageText(head: string, character = 'x'): string {
  return Buffer.from(`${head}\r\nX: ${character.repeat(MESSAGE_LENGTH)}\r\n\r\n`).toString();
}

/**
 * Bytes of heap that stay of each message of which `keep` has kept something. What is compiled meanwhile stays too, so that it looks again where
 * it seems too much: what is held is held each time.
 */
export function heldPerMessage(keep: (n: number) => unknown): number {
  const kept: unknown[] = [];
  let held = Infinity;
  for (let round = 0; round < ROUNDS && held >= LITTLE; round++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < MESSAGES; i++) kept.push(keep(kept.length));
    collect();
    held = (process.memoryUsage().heapUsed - before) / MESSAGES;
  }
  return kept.length === 0 ? Infinity : held;
}
