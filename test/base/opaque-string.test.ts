import { describe, expect, it } from 'vitest';
import { opaqueString } from '../../src/base/opaque-string.ts';

describe('opaqueString', () => {
  it.each([
    ['Correct Horse:=+/', 'Correct Horse:=+/', 'ASCII stays'],
    ['a\u00a0b\u3000c', 'a b c', 'other spaces become U+0020'],
    ['e\u0301', '\u00e9', 'composed'],
    ['\u2168', '\u2168', 'compatibility forms stay, unlike in SASLprep'],
    ['\u30de\u30c8', '\u30de\u30c8', 'Katakana stays'],
  ])('%s becomes %s: %s', (text, prepared) => {
    expect(opaqueString(text)).toBe(prepared);
  });
});
