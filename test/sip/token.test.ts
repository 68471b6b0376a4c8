import { describe, expect, it } from 'vitest';
import { isToken } from '../../src/sip/character-class.ts';
import { newBranch, newTag } from '../../src/sip/token.ts';

describe('random identifiers', () => {
  it.each([
    ['tag', newTag, 12],
    ['branch', newBranch, 27],
  ] as const)('a %s is a token, differs each time, and follows from the bytes given', (_, create, length) => {
    const made = Array.from({ length: 100 }, () => create());
    expect(new Set(made).size).toBe(100);
    expect(made.every((text) => isToken(text) && text.length === length)).toBe(true);
    expect(create(Uint8Array.of(255, 254, 253))).toBe(create(Uint8Array.of(255, 254, 253)));
    expect(create(Uint8Array.of(255, 254, 253)).endsWith('__79')).toBe(true);
  });

  it('a branch begins with the magic cookie', () => {
    expect(newBranch()).toMatch(/^z9hG4bK/);
  });
});
