import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExtendedRegex } from '../../../src/edge/registration/extended-regex.ts';

describe('an extended regular expression', () => {
  it.each([
    ['.*', ['', 'a', 'foo-bar'], []],
    ['abc', ['abc'], ['', 'ab', 'abcd', 'xabc']],
    ['[0-9]{3}', ['123'], ['12', '1234', 'abc']],
    ['[[:digit:]]{1,2}', ['1', '12'], ['', '123', 'a']],
    ['[^a-c_]+', ['def'], ['', 'a', 'd_']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a-]', ['a', '-'], ['b']],
    ['(ab|cd)*', ['', 'ab', 'abcd'], ['abc']],
    ['a?b+', ['b', 'abb'], ['aab', 'a']],
    ['a{2,}', ['aa', 'aaaa'], ['a']],
    ['(a|b{2}){2}', ['aa', 'abb', 'bbbb'], ['ab', 'a']],
    ['(a*)*', ['', 'aaa'], ['b']],
    ['a\\.b\\[', ['a.b['], ['axb[']],
    ['(a(b(c)))', ['abc'], ['ab']],
    ['x|yz', ['x', 'yz'], ['xz', 'y']],
    ['a{0}b', ['b'], ['ab']],
  ])('%s matches %j, and not %j', (source, matching, other) => {
    const matches = compileExtendedRegex(source);
    expect([...matching, ...other].filter((text) => matches?.(text))).toEqual(matching);
  });

  it.each([
    '',
    '*',
    '+a',
    'a**',
    'a{',
    'a{2,1}',
    'a{256}',
    'a{1000}',
    '(',
    '()',
    'a)',
    'a|',
    '|a',
    '[',
    '[]',
    '[b-a]',
    '[[:nothing:]]',
    '[[.a.]]',
    '[[=a=]]',
    '^a',
    'a$',
    'a\\',
    '\\d',
    '(a{200}){200}',
    '((a{9}){9}){9}',
  ])('is not understood as %j', (source) => {
    expect(compileExtendedRegex(source)).toBeUndefined();
  });

  it.each(['(a*)*b', '(a|a)*b', '(a|aa)+b', '(.*.*.*.*)*x', '(a?){64}a{64}'])(
    'that would take RegExp for ever takes no longer than its length: %s',
    (source) => {
      expect(compileExtendedRegex(source)?.('a'.repeat(250))).toBe(false);
    },
  );

  it('that needs more work than identities of real users do does not match', () => {
    const matches = compileExtendedRegex('([a-z0-9]{1,200}|b)*n');
    expect(matches?.(`${'a'.repeat(8)}n`)).toBe(true);
    expect(matches?.(`${'a'.repeat(200)}n`)).toBe(false);
    expect(
      compileExtendedRegex('([a-z]{1,32}|[0-9]{1,15})(-[a-z]{1,200})?')?.(`${'a'.repeat(32)}-${'b'.repeat(200)}`),
    ).toBe(true);
  });

  it('finds what RegExp finds, whatever it is', () => {
    const source = fc.array(
      fc.constantFrom('a', 'b', '.', '*', '+', '?', '|', '(', ')', '[ab]', '[^a]', '{2}', '{1,3}'),
      {
        maxLength: 8,
      },
    );
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    fc.assert(
      fc.property(source, text, (parts, characters) => {
        const matches = compileExtendedRegex(parts.join(''));
        if (!matches) return;
        expect(matches(characters.join(''))).toBe(new RegExp(`^(?:${parts.join('')})$`).test(characters.join('')));
      }),
    );
  });
});
