import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  contentLength,
  lengthValueAt,
  plainNumber,
} from '../../../../../src/edge/core/external/transport/content-length.ts';

const START_LINE = 'BYE sip:a SIP/2.0\r\n';

const line = fc
  .tuple(
    fc.constantFrom(
      'Content-Length',
      'content-LENGTH',
      'l',
      'L',
      'Content-Lengths',
      'Content-Type',
      'Call-ID',
      'c',
      ' l',
    ),
    fc.constantFrom('', ' ', ' \t'),
    fc.constantFrom(':', '', ' :'),
    fc.constantFrom('', ' ', '\t '),
    fc.constantFrom('', '0', '7', '0012', '123456789', '1234567890', '-1', '4x', '4 5', '\r\n 5'),
    fc.constantFrom('', ' '),
    fc.constantFrom('\n', '\r\n'),
  )
  .map((parts) => parts.join(''));

it('a length that is read in passing is the one that is read with care', () => {
  fc.assert(
    fc.property(line, fc.constantFrom('\r\n', ' 5\r\n\r\n'), (first, rest) => {
      const head = `${START_LINE}${first}${rest}`;
      const bytes = Buffer.from(head);
      const valueAt = lengthValueAt(bytes, START_LINE.length);
      const careful = contentLength(head);
      if (careful !== undefined) expect(valueAt).toBeDefined();
      const plain = valueAt === undefined ? undefined : plainNumber(bytes, valueAt);
      if (plain !== undefined) expect(plain).toBe(careful);
    }),
    { numRuns: 2000 },
  );
});
