import { describe, expect, it } from 'vitest';
import { parseAuthFields } from '../../src/sip/auth-params.ts';

describe('parseAuthFields', () => {
  it('keeps a Bearer token whole, and reads its parameter form too', () => {
    expect(parseAuthFields('Bearer eyJh.eyJz.c2ln')).toEqual({
      scheme: 'bearer',
      rest: 'eyJh.eyJz.c2ln',
      params: undefined,
    });
    expect(parseAuthFields('Bearer \taccess_token="eyJh.eyJz.c2ln"')?.params).toEqual(
      new Map([['access_token', 'eyJh.eyJz.c2ln']]),
    );
  });

  it.each([
    ['X', { scheme: 'x', rest: '', params: new Map() }],
    [
      'X a=, b=c ,D="e,f"',
      { scheme: 'x', rest: 'a=, b=c ,D="e,f"', params: new Map(Object.entries({ a: '', b: 'c', d: 'e,f' })) },
    ],
    ['X a=1,A=2', { scheme: 'x', rest: 'a=1,A=2', params: undefined }],
    ['X =1', { scheme: 'x', rest: '=1', params: undefined }],
  ])('reads %j', (text, expected) => {
    expect(parseAuthFields(text)).toEqual(expected);
  });

  it.each(['', ' Digest', '"x" a=b', 'a=b, c=d'])('finds no scheme in %j', (text) => {
    expect(parseAuthFields(text)).toBeUndefined();
  });
});
