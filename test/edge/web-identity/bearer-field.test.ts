import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { challengeBearer } from '../../../src/edge/web-identity/bearer-challenge.ts';
import { MAX_TOKEN_CHARACTERS, readBearer } from '../../../src/edge/web-identity/bearer-field.ts';
import { parseAuthFields } from '../../../src/sip/auth-params.ts';
import { SipHeaders } from '../../../src/sip/message.ts';
import { WicMessages } from '../support/wic.ts';

function read(...values: string[]) {
  const headers = new SipHeaders();
  for (const value of values) headers.append('Authorization', value);
  return readBearer(headers);
}

const TOKENS = fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,40}={0,2}$/);

describe('a Bearer field', () => {
  it('reads each token back, in both spellings', () => {
    fc.assert(
      fc.property(TOKENS, (token) => {
        expect(read(`Bearer ${token}`)).toEqual({ kind: 'token', token });
        expect(read(`Bearer access_token="${token}"`)).toEqual({ kind: 'token', token });
        expect(read(`BEARER   Access_Token = "${token}"`)).toEqual({ kind: 'token', token });
      }),
    );
  });

  it.each([
    ['nothing', [], 'none'],
    ['a digest', ['Digest username="Bearer x"'], 'none'],
    ['a scheme that begins like it', ['Bearerx abc'], 'none'],
    ['a token beside a digest', ['Digest username="a"', 'Bearer abc'], 'token'],
    ['two tokens', ['Bearer abc', 'bearer access_token="abc"'], 'malformed'],
    ['both spellings in one', ['Bearer abc, access_token="abc"'], 'malformed'],
    ['the parameter twice', ['Bearer access_token="a", access_token="b"'], 'malformed'],
    ['no token', ['Bearer'], 'malformed'],
    ['an empty parameter', ['Bearer access_token=""'], 'malformed'],
    ['characters that no token has', ['Bearer abc\u0000def'], 'malformed'],
    ['more fields than anybody needs', ['Bearer a', 'Digest a', 'Digest b', 'Digest c', 'Digest d'], 'malformed'],
    ['a token that is too long', [`Bearer ${'a'.repeat(MAX_TOKEN_CHARACTERS + 1)}`], 'malformed'],
  ])('is read as what it is: %s', (_what, values, kind) => {
    expect(read(...values).kind).toBe(kind);
  });

  it('never throws, and gives no token with anything in it but its characters', () => {
    const values = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `Bearer ${text}`),
    );
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), (texts) => {
        // A field has no line breaks by the time that it is one.
        const field = read(...texts.map((text) => text.replace(/[\r\n]/g, ' ')));
        if (field.kind === 'token') expect(field.token).toMatch(/^[\w\-.~+/]+=*$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a Bearer challenge', () => {
  it('can be read by the rules of its own field, whatever is configured', () => {
    const request = new WicMessages('alice').buildRegister();
    fc.assert(
      fc.property(fc.stringMatching(/^[\x20-\x7e]{1,40}$/), fc.boolean(), (text, isInvalid) => {
        const response = challengeBearer(request, { realm: text, scope: text, authzServer: text }, isInvalid);
        const fields = parseAuthFields(response.headers.get('WWW-Authenticate')!);
        expect([...fields!.params!]).toEqual([
          ['realm', text],
          ['scope', text],
          ['authz_server', text],
          ...(isInvalid ? [['error', 'invalid_token']] : []),
        ]);
      }),
    );
  });
});
