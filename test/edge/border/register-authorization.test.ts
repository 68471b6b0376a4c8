import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropEdgeParams, vouchForProofs } from '../../../src/edge/border/register-authorization.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

function fieldsOf(...values: string[]): SipHeaders {
  const headers = new SipHeaders();
  for (const value of values) headers.append('Authorization', value);
  return headers;
}

function dropped(...values: string[]): string[] {
  const headers = fieldsOf(...values);
  dropEdgeParams(headers);
  return headers.getAll('Authorization');
}

describe('the parameters with which an edge vouches for a client', () => {
  it.each([
    ['Digest username="a", integrity-protected="tls-yes", realm="r"', 'Digest username="a", realm="r"'],
    ['Digest Integrity-Protected = yes , username="a,b" ,x=\'y', 'Digest username="a,b", x=\'y'],
    ['DIGEST username="a",authorization-entity="waf.example.org"', 'DIGEST username="a"'],
    ['Digest integrity-protected=yes, integrity-protected=no, response=""', 'Digest response=""'],
    [
      'Digest username="integrity-protected=yes", response="0"',
      'Digest username="integrity-protected=yes", response="0"',
    ],
    ['Bearer  abc', 'Bearer  abc'],
    ['Digest  username="a",realm=r', 'Digest  username="a",realm=r'],
    ['Digest username="a', 'Digest username="a'],
    ['', ''],
  ])('are taken off %j, and the rest stays', (value, left) => {
    expect(dropped(value)).toEqual([left]);
  });

  it.each([
    'Digest username="a", integrity-protected',
    'Digest username="a, integrity-protected="yes"',
    'Digest username=a b; integrity-protected=yes',
    'Digest username="a", username="b, integrity-protected=yes',
    'Digest username="a\\", integrity-protected=yes, x=\\"b"',
    'Digest username="a\\"", x="integrity-protected=yes, "',
    'Digest x-integrity-protected=yes',
  ])('take %j with them, which cannot be read, or not by everybody alike', (value) => {
    expect(dropped(value, 'Bearer x')).toEqual(['Bearer x']);
  });

  it('are taken off Proxy-Authorization as well', () => {
    const headers = new SipHeaders();
    headers.append('Proxy-Authorization', 'Digest username="a", integrity-protected="yes"');
    dropEdgeParams(headers);
    expect(headers.get('Proxy-Authorization')).toBe('Digest username="a"');
  });

  it('are never left to be read, whatever comes, and what has none stays byte for byte', () => {
    const piece = fc.constantFrom(
      'integrity-protected',
      '=',
      '"',
      ',',
      ' ',
      '\\',
      'yes',
      'Digest ',
      'username="a"',
      '<',
      ';',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const value = pieces.join('').trim();
        const [left] = dropped(`Digest ${value}`);
        if (!value.includes('integrity-protected')) expect(left).toBe(`Digest ${value}`.trim());
        // Only inside of a quoted string can it still stand.
        const outside = (left ?? '').replace(/"(?:[^"\\]|\\.)*"/g, '""');
        expect(outside).not.toContain('integrity-protected');
      }),
    );
  });
});

describe('a proof', () => {
  const vouched = (value: string): string | undefined => {
    const headers = fieldsOf(value);
    vouchForProofs(headers, (username) => (username === 'known' ? 'tls-yes' : 'tls-pending'));
    return headers.get('Authorization');
  };

  it.each([
    ['Digest username="known", response="1"', ', integrity-protected="tls-yes"'],
    ['Digest username=other,response=1', ', integrity-protected="tls-pending"'],
    ['Digest username="known", response=""', ''],
    ['Digest username="known"', ''],
    ['Digest username="known, response="1"', ''],
    ['Bearer username="known", response="1"', ''],
  ])('%s has %j added to it', (value, added) => {
    expect(vouched(value)).toBe(`${value}${added}`);
  });
});
