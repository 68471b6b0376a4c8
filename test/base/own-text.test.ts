import { describe, expect, it } from 'vitest';
import { AgeMap } from '../../src/base/age-map.ts';
import { boundedKey } from '../../src/base/bounded-key.ts';
import { ownText } from '../../src/base/own-text.ts';
import { heldPerMessage, LITTLE, MESSAGE_LENGTH, messageText } from './held-per-message.ts';

/** Another message each time, with a name of 40 characters in its first line. */
function message(n: number, character = 'x'): string {
  return messageText(`somebody-whose-name-takes-${String(n).padStart(14, '0')} Somebody`, character);
}

describe('text that owns its characters', () => {
  const parts: readonly (readonly [string, (text: string) => string])[] = [
    ['a part of 12 characters', (text) => text.slice(28, 40)],
    ['a part of 13 characters', (text) => text.slice(27, 40)],
    ['a part of 40 characters', (text) => text.slice(0, 40)],
    ['a sum of parts', (text) => `${text.slice(0, 40)} ${text.slice(2, 40)}`],
    ['what a pattern has matched', (text) => /(somebody-\S+)/.exec(text)?.[1] ?? text],
    ['a part in lower case', (text) => text.slice(0, 40).toLowerCase()],
  ];

  it.each(parts)('holds nothing of the message that it was %s of', (_what, part) => {
    expect(heldPerMessage((n) => ownText(part(message(n))))).toBeLessThan(LITTLE);
  });

  it('holds nothing of a message of two bytes a character either', () => {
    expect(heldPerMessage((n) => ownText(message(n, '€').slice(0, 40)))).toBeLessThan(LITTLE);
  });

  it('would hold it otherwise, also as the key of a map', () => {
    const map = new Map<string, true>();
    expect(heldPerMessage((n) => message(n).slice(0, 40))).toBeGreaterThan(MESSAGE_LENGTH / 2);
    expect(heldPerMessage((n) => map.set(`${message(n).slice(0, 40)} key`, true))).toBeGreaterThan(MESSAGE_LENGTH / 2);
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
  const held = heldPerMessage((n) => {
    map.set(`${message(n).slice(0, 40)} key`, n);
  });
  expect(held).toBeLessThan(LITTLE);
  expect(map.size).toBeGreaterThan(0);
});

it('a bounded key is the text itself, or a hash of a longer one that no other text has', () => {
  const long = 'x'.repeat(101);
  expect(boundedKey('x'.repeat(100))).toBe('x'.repeat(100));
  expect(boundedKey(long)).toMatch(/^[\w-]{43}$/);
  expect(boundedKey(`${long}y`)).not.toBe(boundedKey(long));
});
