import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNameAddr, parseNameAddr } from '../../src/sip/name-addr.ts';

describe('parseNameAddr', () => {
  it.each([
    ['<sip:a@b>', { uri: 'sip:a@b', params: new Map() }],
    ['sip:a@b;tag=x', { uri: 'sip:a@b', params: new Map([['tag', 'x']]) }],
    ['<sip:a@b;lr>;tag=x', { uri: 'sip:a@b;lr', params: new Map([['tag', 'x']]) }],
    ['Alice  B. <sip:a@b>', { displayName: 'Alice  B.', uri: 'sip:a@b', params: new Map() }],
    [
      '"A \\"<x>\\" \\\\" < sip:a@b > ;q=1',
      { displayName: 'A "<x>" \\', uri: 'sip:a@b', params: new Map([['q', '1']]) },
    ],
    ['"" <sip:a@b>', { uri: 'sip:a@b', params: new Map() }],
    ['"A"<tel:+1>', { displayName: 'A', uri: 'tel:+1', params: new Map() }],
    [
      'caller<sip:caller@example.com>;tag=3',
      { displayName: 'caller', uri: 'sip:caller@example.com', params: new Map([['tag', '3']]) },
    ],
    ['  <sip:a,b@c?x=y>', { uri: 'sip:a,b@c?x=y', params: new Map() }],
  ])('reads %j', (text, expected) => {
    expect(parseNameAddr(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    '',
    '*',
    'alice',
    '<>',
    '<alice>',
    '<sip:a@b',
    'sip:a@b>',
    '"A <sip:a@b>',
    '"A" x <sip:a@b>',
    'A"B <sip:a@b>',
    'A, B <sip:a@b>',
    '<sip:a b@c>',
    '<sip:a@b> tag=x',
    '<sip:a@b>;tag=',
    '<sip:a@b>;tag=1;Tag=2',
    '<<sip:a@b>',
    'sip:a@b?x=y',
    'sip:a,b@c',
    'sip:a@b, sip:c@d',
    '<sip:a@b>, <sip:c@d>',
    '<sip:a\0@b>',
  ])('refuses %j', (text) => {
    expect(parseNameAddr(text)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('reads what formatNameAddr writes, whatever the display name', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            displayName: fc.string({ unit: 'binary', minLength: 1 }),
            uri: fc.constantFrom('sip:a@b', 'sips:a@[::1]:5061;lr?x=y', 'tel:+1;phone-context=x'),
            params: fc.constantFrom(new Map(), new Map([['tag', 'x"y']]), new Map([['lr', undefined]])),
          },
          { requiredKeys: ['uri', 'params'] },
        ),
        (nameAddr) => {
          expect(parseNameAddr(formatNameAddr(nameAddr))).toEqual({ ok: true, value: nameAddr });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('a bracket in a quoted parameter of an address without brackets begins no URI', () => {
    expect(parseNameAddr('sip:bob@example.com;note="<sip:mallory@example.net>";tag=1')).toEqual({
      ok: true,
      value: {
        uri: 'sip:bob@example.com',
        params: new Map([
          ['note', '<sip:mallory@example.net>'],
          ['tag', '1'],
        ]),
      },
    });
    expect(parseNameAddr('words; here <sip:a@b>')).toEqual({ ok: false, reason: 'malformed' });
    expect(parseNameAddr('say "hi" <sip:a@b>')).toEqual({ ok: false, reason: 'malformed' });
  });
});
