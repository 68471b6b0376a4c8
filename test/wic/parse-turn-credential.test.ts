import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { SipHeaders } from '../../src/sip/message.ts';
import { parseTurnCredential, type HeaderSource } from '../../src/wic/index.ts';
import { appendCredential } from '../sip/append-credential.ts';
import { parseTurnCredential as parseAsTheEdge } from '../sip/received-credential.ts';

const FIELD = 'name="u1";pwd="p/1=";lifetime=1900000000;username="1900000000:u1";ttl=600;uris="turn:a:1 turn:b:2"';
const CREDENTIAL = {
  kind: 'credential',
  name: 'u1',
  username: '1900000000:u1',
  password: 'p/1=',
  expiresAtSec: 1_900_000_000,
  ttlSec: 600,
  uris: ['turn:a:1', 'turn:b:2'],
};
const SEPARATE: [string, string][] = [
  ['TURN-Username', '"1900000000:u1"'],
  ['turn-password', 'p/1='],
  ['TURN-Lifetime', '1900000000'],
  ['TURN-URI', 'turn:a:1'],
  ['TURN-URI', 'turn:b:2'],
];

const text = fc.string({ maxLength: 20 });
const word = text.filter((value) => /^[\x20-\x7e]+$/.test(value) && value.trim() === value);

describe('parseTurnCredential', () => {
  it.each<[string, HeaderSource]>([
    ['pairs', [['turn-cred-rsp', FIELD]]],
    ['a getter', (name: string) => (name === 'TURN-Cred-Rsp' ? FIELD : undefined)],
    ['Headers', new Headers({ 'TURN-Cred-Rsp': FIELD })],
    ['something with get', { get: (name: string) => (name === 'TURN-Cred-Rsp' ? FIELD : null) }],
    ['a response of JsSIP or SIP.js', { getHeaders: (name: string) => (name === 'TURN-Cred-Rsp' ? [FIELD] : []) }],
  ])('reads the combined field from %s', (_what, source) => {
    expect(parseTurnCredential(source)).toMatchObject(CREDENTIAL);
  });

  it.each<[string, HeaderSource]>([
    ['pairs', SEPARATE],
    ['Headers, which joins what comes twice', new Headers(SEPARATE)],
  ])('reads the separate fields from %s', (_what, source) => {
    expect(parseTurnCredential(source)).toMatchObject({ ...CREDENTIAL, name: undefined, ttlSec: undefined });
  });

  it.each(['combined', 'separate'] as const)('reads an access token from the %s form', (form) => {
    const headers = new SipHeaders();
    const [password, token] = [new Secret('c2Vzc2lvbg=='), new Secret('AAxo+/=')];
    const credential = { name: 'north', username: 'north', password, expiresAtSec: 1_900_000_000, kid: 'north', token };
    appendCredential(headers, credential, { form, spelling: 'plain' });
    expect(parseTurnCredential([...headers.entries()])).toMatchObject({
      ...{ kind: 'credential', username: 'north', password: 'c2Vzc2lvbg==', token: 'AAxo+/=' },
    });
  });

  it('says why there is none', () => {
    const source: HeaderSource = [['TURN-Cred-Rsp-Hdr', 'error=quota ; retry-after=30']];
    expect(parseTurnCredential(source)).toEqual({ kind: 'error', error: 'quota', retryAfterSec: 30 });
  });

  it('says nothing of a response without such fields', () => {
    expect(parseTurnCredential([['Contact', '<sip:a@b>']])).toBeUndefined();
  });

  it.each([
    '',
    'name="u";pwd="p"',
    'name="u";pwd="p";lifetime=soon',
    'name="u;pwd=p',
    'name=a;name=b;pwd=c;lifetime=1',
  ])('calls %j malformed', (value) => {
    expect(parseTurnCredential([['TURN-Cred-Rsp', value]])).toEqual({ kind: 'malformed' });
  });

  it('reads what the edge writes as the edge itself does', () => {
    fc.assert(
      fc.property(
        word,
        word,
        word,
        fc.nat(),
        fc.constantFrom('both', 'combined', 'separate'),
        (name, pass, realm, t, form) => {
          const headers = new SipHeaders();
          const credential = { name, username: `${t}:${name}`, password: new Secret(pass), expiresAtSec: t, realm };
          appendCredential(headers, { ...credential, uris: ['turn:a:1'] }, { form, spelling: 'plain' });
          // A quoted-string in a separate field cannot be told from a value in quotes.
          fc.pre(form !== 'separate' || !/["\\]/.test(name + pass + realm));
          expect(parseTurnCredential([...headers.entries()])).toMatchObject(parseAsTheEdge(headers) ?? {});
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever a field holds', () => {
    const value = fc.oneof(text, fc.stringMatching(/^[a-z";=\\ ]{0,40}$/));
    fc.assert(
      fc.property(value, (field) => {
        expect(['credential', 'error', 'malformed']).toContain(parseTurnCredential([['TURN-Cred-Rsp', field]])?.kind);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes no longer than its length asks for', () => {
    const kinds = [' '.repeat(50_000), 'a '.repeat(25_000), '"\\'.repeat(25_000), 'a="' + '\\"'.repeat(25_000)].map(
      (field) => parseTurnCredential([['TURN-Cred-Rsp', field]])?.kind,
    );
    expect(new Set(kinds)).toEqual(new Set(['malformed']));
  }, 1000);
});
