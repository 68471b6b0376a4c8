import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { AgeMap } from '../../src/core/age-map.ts';
import { boundedKey } from '../../src/core/bounded-key.ts';
import { ownText } from '../../src/core/own-text.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MESSAGES = 500;
const MESSAGE_LENGTH = 20_000;
/** Bytes: what is kept itself, and what the rest of the process does meanwhile. */
const LITTLE = 1000;

/** A message as it comes from a socket: flat, of one byte a character, or of two. */
function message(n: number, character: string): string {
  return Buffer.from(`${character.repeat(MESSAGE_LENGTH)}${n};`).toString();
}

/** Bytes of heap that are held for each message of which `keep` has kept something. */
function heldPerMessage(keep: (text: string, n: number) => unknown, character = 'x'): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: MESSAGES }, (_, n) => keep(message(n, character), n));
  collect();
  const held = process.memoryUsage().heapUsed - before;
  return kept.length === MESSAGES ? held / MESSAGES : Infinity;
}

describe('text that owns its characters', () => {
  const parts: readonly (readonly [string, (text: string) => string])[] = [
    ['a part of 12 characters', (text) => text.slice(-12)],
    ['a part of 13 characters', (text) => text.slice(-13)],
    ['a part of 40 characters', (text) => text.slice(-40)],
    ['a sum of parts', (text) => `${text.slice(-40)} ${text.slice(0, 40)}`],
    ['what a pattern has matched', (text) => /x{20}(.{20})/u.exec(text)?.[1] ?? text],
    ['a part in lower case', (text) => text.slice(0, 40).toLowerCase()],
  ];

  it.each(parts)('holds nothing of the message that it was %s of', (_what, part) => {
    expect(heldPerMessage((text) => ownText(part(text)))).toBeLessThan(LITTLE);
  });

  it('holds nothing of a message of two bytes a character either', () => {
    expect(heldPerMessage((text) => ownText(text.slice(-40)), '€')).toBeLessThan(LITTLE);
  });

  it('would hold it otherwise, also as the key of a map', () => {
    expect(heldPerMessage((text) => text.slice(-40))).toBeGreaterThan(MESSAGE_LENGTH / 2);
    const map = new Map<string, true>();
    expect(heldPerMessage((text) => map.set(`${text.slice(-40)} key`, true))).toBeGreaterThan(MESSAGE_LENGTH / 2);
  });

  it('is the same text', () => {
    for (const text of ['', 'short', 'a text of some length', 'Zürich, 東京 and 🜁 of some length']) {
      expect(ownText(text)).toBe(text);
    }
  });

  it('is the one that is stored already, where it says the same', () => {
    const stored = ownText('a text of some length');
    expect(Object.is(ownText(['a text', 'of some length'].join(' '), stored), stored)).toBe(true);
    expect(ownText('another text of some length', stored)).toBe('another text of some length');
  });
});

it('a map by age keeps nothing of the messages its keys come from', () => {
  const map = new AgeMap<number>();
  const held = heldPerMessage((text, n) => {
    map.set(`${text.slice(-40)} key`, n);
  });
  expect(held).toBeLessThan(LITTLE);
  expect(map.size).toBe(MESSAGES);
});

it('a bounded key is the text itself, or a hash of a longer one that no other text has', () => {
  const long = 'x'.repeat(101);
  expect(boundedKey('x'.repeat(100))).toBe('x'.repeat(100));
  expect(boundedKey(long)).toMatch(/^[\w-]{43}$/);
  expect(boundedKey(`${long}y`)).not.toBe(boundedKey(long));
});
