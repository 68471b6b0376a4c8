import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMember, formatMessage, parseMember, parseMessage } from '../../src/redis/revocation-text.ts';

const user = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 });
const entry = fc.record({ user, untilSec: fc.integer({ min: 0, max: 999_999_999_999 }) });

describe('a revocation in Redis', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(entry, (one) => {
        expect(parseMember(formatMember(one))).toEqual(one);
        expect(parseMessage(formatMessage(one, 'whose'))).toEqual({ from: 'whose', entry: one });
      }),
    );
  });

  it.each(['', ' ', 'x', '1', '1 ', ' 1 u', '-1 u', '1e3 u', '1234567890123 u', `1 ${'u'.repeat(513)}`, null, 7, {}])(
    'is none where %j stands',
    (text) => {
      expect(parseMember(text)).toBeUndefined();
    },
  );

  it.each(['', 'from', 'from ', 'from x', ' 1 u', `from 1 ${'u'.repeat(4000)}`])('is none where %j is told', (text) => {
    expect(parseMessage(text)).toBeUndefined();
  });

  it('causes no exception, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseMember(text);
        parseMessage(text);
      }),
    );
  });
});
