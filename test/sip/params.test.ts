import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatParams, parseParams, parseParamValue, quote, unquote } from '../../src/sip/params.ts';

describe('parseParams', () => {
  it.each([
    ['', []],
    ['  ', []],
    [';lr', [['lr', undefined]]],
    [
      ' ; A = b ;c="d;\\"e\\\\" ',
      [
        ['a', 'b'],
        ['c', 'd;"e\\'],
      ],
    ],
    [
      ';received=2001:db8::1;x=[::1]:5060',
      [
        ['received', '2001:db8::1'],
        ['x', '[::1]:5060'],
      ],
    ],
    [';empty=""', [['empty', '']]],
    [';__proto__=1', [['__proto__', '1']]],
  ] as [string, [string, string | undefined][]][])('reads %j', (text, expected) => {
    expect(parseParams(text)).toEqual({ ok: true, value: new Map(expected) });
  });

  it.each([
    'a',
    ';',
    ';;a',
    ';a=',
    ';a="',
    ';a="b',
    ';a="b"c',
    ';a=b c',
    ';a b',
    ';a;A',
    ';=b',
    ';ä=1',
    ';a=<b>',
    ';a=b,c',
    ';a="\\"',
  ])('refuses %j', (text) => {
    expect(parseParams(text)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('reads what formatParams writes, whatever the values', () => {
    const name = fc.stringMatching(/^[a-z0-9.!%*_+`'~-]{1,8}$/);
    const value = fc.option(fc.string({ unit: 'binary', maxLength: 12 }), { nil: undefined });
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 }), (entries) => {
        const params = new Map(entries);
        expect(parseParams(formatParams(params))).toEqual({ ok: true, value: params });
      }),
      { numRuns: 300 },
    );
  });

  it('quotes only what is no token and no address', () => {
    const params = new Map([
      ['a', 'token'],
      ['b', '[2001:db8::1]'],
      ['c', '2001:db8::1'],
      ['d', 'two words'],
      ['e', ''],
      ['f', '<urn:x>'],
      ['g', 'a"\\'],
    ]);
    expect(formatParams(params)).toBe(
      ';a=token;b=[2001:db8::1];c=2001:db8::1;d="two words";e="";f="<urn:x>";g="a\\"\\\\"',
    );
  });
});

describe('quoted-string', () => {
  it.each([
    ['""', ''],
    ['"a\\"b\\\\c\\d"', 'a"b\\cd'],
    ['"', undefined],
    ['"a', undefined],
    ['a"', undefined],
    ['"a"b"', undefined],
    ['"a\\"', undefined],
    ['""a', undefined],
  ])('%s holds %j', (text, content) => {
    expect(unquote(text)).toBe(content);
  });

  it('gives back any text that was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquote(quote(text))).toBe(text);
        expect(parseParamValue(quote(text))).toBe(text);
      }),
    );
  });
});
