import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfFirstListValue, splitList } from '../../src/sip/list.ts';

describe('splitList', () => {
  it('reads no further than it is asked to', () => {
    expect(splitList(' a ,, b,c', 2)).toEqual(['a', 'b']);
    expect(splitList('a,b', 0)).toEqual([]);
    expect(splitList('a', 5)).toEqual(['a']);
  });

  it.each([
    ['', []],
    [' , ,', []],
    ['a', ['a']],
    ['a, b ,\tc', ['a', 'b', 'c']],
    ['"a,b" <sip:x>, <sip:c,d>;p="e,f",g', ['"a,b" <sip:x>', '<sip:c,d>;p="e,f"', 'g']],
    ['"a\\",b",c', ['"a\\",b"', 'c']],
    ['"<",a,">"', ['"<"', 'a', '">"']],
    ['<">,a', ['<">', 'a']],
    ['"never closed, a', ['"never closed, a']],
    ['<never closed, a', ['<never closed, a']],
    ['"a\\', ['"a\\']],
  ])('splits %j into %j', (text, values) => {
    expect(splitList(text)).toEqual(values);
  });

  it('finds again the values that were joined, whatever they quote', () => {
    const quoted = fc.stringMatching(/^(?:[^"\\\r\n]|\\[",<>\\]){0,8}$/).map((text) => `"${text}"`);
    const bracketed = fc.stringMatching(/^[^<>\r\n]{0,8}$/).map((text) => `<${text}>`);
    const value = fc.array(fc.oneof(quoted, bracketed, fc.stringMatching(/^[a-z;=]{1,4}$/)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(value.map((parts) => parts.join(''))), (values) => {
        expect(splitList(values.join(' ,'))).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  it('knows the end of the first value', () => {
    expect(endOfFirstListValue('"a,b",c')).toBe(5);
    expect(endOfFirstListValue('<a,b>')).toBe(-1);
  });
});
