import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepOneCredential, limitCredentials, withholdKeys } from '../../../src/edge/border/credential-fields.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

const PLAIN = 'Digest username="b"';

function fieldsOf(...values: string[]): SipHeaders {
  const headers = new SipHeaders();
  for (const value of values) headers.append('Authorization', value);
  return headers;
}

function dropped(...values: string[]): string[] {
  const headers = fieldsOf(...values);
  limitCredentials(headers);
  return headers.getAll('Authorization');
}

describe('the parameters with which an edge vouches for a client', () => {
  it.each([
    ['Digest username="a", integrity-protected="tls-yes", realm="r"', 'Digest username="a", realm="r"'],
    ['Digest Integrity-Protected = yes , username="a,b" ,x=\'y', 'Digest username="a,b", x=\'y'],
    ['Digest username="integrity-protected",realm="r"', 'Digest username="integrity-protected",realm="r"'],
    ['Digest username="a", access_token="x"', 'Digest username="a"'],
    ['DIGEST username="a",authorization-entity="waf.example.org"', 'DIGEST username="a"'],
    ['Digest integrity-protected=yes, integrity-protected=no, response=""', 'Digest response=""'],
    [
      'Digest username="integrity-protected=yes", response="0"',
      'Digest username="integrity-protected=yes", response="0"',
    ],
    ['Digest  username="a",realm=r', 'Digest  username="a",realm=r'],
    ['Digest username="a', 'Digest username="a'],
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
    expect(dropped(value, PLAIN)).toEqual([PLAIN]);
  });

  it('are taken off Proxy-Authorization as well', () => {
    const headers = new SipHeaders();
    headers.append('Proxy-Authorization', 'Digest username="a", integrity-protected="yes"');
    limitCredentials(headers);
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
        if (!value.includes('integrity-protected') && value !== '') expect(left).toBe(`Digest ${value}`);
        // Only inside of a quoted string can it still stand.
        const outside = (left ?? '').replace(/"(?:[^"\\]|\\.)*"/g, '""');
        expect(outside).not.toContain('integrity-protected');
      }),
    );
  });
});

describe('a token', () => {
  it.each([
    'Bearer x',
    'bearer  eyJhbGciOiJFUzI1NiJ9.e30.c2ln',
    'BEARER access_token="x"',
    'Bearer access_token="x", realm="r"',
    'Bearer',
    'Bearer,x',
    'Digest',
    'eyJhbGciOiJFUzI1NiJ9.e30.c2ln',
    'Basic YTpi',
    'Digest username="a", Bearer x',
    'Digest username="a", Bearer access_token=x',
    'Digest Bearer x',
    'Digest username="a, access_token="x"',
    '',
  ])('does not go on as %j, in either field', (value) => {
    const headers = fieldsOf(value, PLAIN);
    headers.append('Proxy-Authorization', value);
    limitCredentials(headers);
    expect(headers.getAll('Authorization')).toEqual([PLAIN]);
    expect(headers.has('Proxy-Authorization')).toBe(false);
  });

  it('is not what stands in quotes, or in a name', () => {
    const value = 'Digest username="bearer x",  realm="a, Bearer y", bearerish=1';
    expect(dropped(value)).toEqual([value]);
  });
});

describe('one field of credentials', () => {
  const two = (): SipHeaders => {
    const headers = fieldsOf('Digest a=1', 'Digest a=2');
    headers.append('Proxy-Authorization', 'Digest a=3');
    return headers;
  };
  const all = (headers: SipHeaders): string[] => [...headers.entries()].map(([name, value]) => `${name}: ${value}`);

  it('is left of several: the one that is wanted, else the first', () => {
    for (const [wanted, left] of [
      ['Digest a=2', 'Authorization: Digest a=2'],
      ['Digest a=3', 'Proxy-Authorization: Digest a=3'],
      ['none', 'Authorization: Digest a=1'],
    ]) {
      const headers = two();
      keepOneCredential(headers, (_name, value) => value === wanted);
      expect(all(headers)).toEqual([left]);
    }
  });

  it('stays where it is', () => {
    const headers = fieldsOf('Digest a=1');
    keepOneCredential(headers, () => false);
    expect(all(headers)).toEqual(['Authorization: Digest a=1']);
  });
});

describe('the keys of IMS AKA', () => {
  const shown = (value: string): string[] => {
    const headers = new SipHeaders();
    headers.append('WWW-Authenticate', value);
    headers.append('Proxy-Authenticate', value);
    withholdKeys(headers);
    expect(headers.getAll('Proxy-Authenticate')).toEqual(headers.getAll('WWW-Authenticate'));
    return headers.getAll('WWW-Authenticate');
  };

  it.each([
    [
      'Digest realm="r", nonce="n", algorithm=AKAv1-MD5, qop="auth", ck="0011", ik="2233"',
      'Digest realm="r", nonce="n", algorithm=AKAv1-MD5, qop="auth"',
    ],
    ['Digest CK = 00,realm="r",IK=11,nonce="n"', 'Digest realm="r", nonce="n"'],
    ['Digest realm="r",nonce="abck=",  qop="auth,auth-int"', 'Digest realm="r",nonce="abck=",  qop="auth,auth-int"'],
    ['Digest realm="r", nonce=".ck==", opaque="ik=1"', 'Digest realm="r", nonce=".ck==", opaque="ik=1"'],
    ['Digest realm="r", trick=1', 'Digest realm="r", trick=1'],
    ['Digest realm="r", ck="1", Digest realm="s", ik="2"', 'Digest realm="r", Digest realm="s"'],
  ])('are taken off %j, and nothing else', (value, left) => {
    expect(shown(value)).toEqual([left]);
  });

  it.each(['Digest realm="r, ck="1"', 'Digest realm="r" ck="1"', 'Digest realm="r\\", ck=1, x=\\"b"', 'ck=1'])(
    'take %j with them, which cannot be read, or not by everybody alike',
    (value) => {
      expect(shown(value)).toEqual([]);
    },
  );
});
