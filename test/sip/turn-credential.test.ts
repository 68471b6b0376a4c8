import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ISSUE_FAILURES } from '../../src/base/issue-failure.ts';
import { Secret } from '../../src/base/secret.ts';
import { SipHeaders } from '../../src/sip/message.ts';
import {
  appendCredentialError,
  CredentialForm,
  parseCredentialRequest,
  stripCredentialHeaders,
} from '../../src/sip/turn-credential.ts';
import { appendCredential, type WholeCredential } from './append-credential.ts';
import { parseTurnCredential } from './received-credential.ts';

function headersOf(...fields: readonly (readonly [string, string])[]): SipHeaders {
  const headers = new SipHeaders();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}

const credential: WholeCredential = {
  name: 'pseud0nym',
  username: '1767225600:pseud0nym',
  password: new Secret('3UvzOvdFhyn5gJTnZ/BzAqyxPFk='),
  expiresAtSec: 1_767_225_600,
  ttlSec: 3600,
  realm: 'example.com',
  uris: ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349'],
};

describe('parseCredentialRequest', () => {
  it.each([
    ['', { kind: 'turn' }],
    ['turn', { kind: 'turn' }],
    ['TURN', { kind: 'turn' }],
    ['oauth', { kind: 'oauth' }],
    ['turn;ttl=600', { kind: 'turn', ttlSec: 600 }],
    ['turn ; x ; ttl = 1 ;y="a;b"', { kind: 'turn', ttlSec: 1 }],
    ['oauth;ttl=4294967295', { kind: 'oauth', ttlSec: 4_294_967_295 }],
    ['smoke-signal', { kind: 'unsupported' }],
    ['constructor', { kind: 'unsupported' }],
  ])('reads %j in both spellings', (value, expected) => {
    expect(parseCredentialRequest(headersOf(['TURN-Cred-Req', value]))).toEqual({ ...expected, spelling: 'plain' });
    expect(parseCredentialRequest(headersOf(['turn-cred-req-hdr', value]))).toEqual({ ...expected, spelling: 'hdr' });
  });

  it.each([
    ';ttl=600',
    'turn;',
    'turn;;',
    'turn;ttl',
    'turn;ttl=',
    'turn;ttl=0',
    'turn;ttl=-1',
    'turn;ttl=1.5',
    'turn;ttl=4294967296',
    'turn;ttl=9e9',
    'turn;ttl=1;TTL=2',
    'turn oauth',
    'turn, oauth',
    'turn=1',
    '"turn"',
    'turn;x="',
  ])('tells %j as malformed', (value) => {
    expect(parseCredentialRequest(headersOf(['TURN-Cred-Req', value]))).toEqual({
      kind: 'malformed',
      spelling: 'plain',
    });
    expect(parseCredentialRequest(headersOf(['TURN-Cred-Req-Hdr', value]))).toEqual({
      kind: 'malformed',
      spelling: 'hdr',
    });
  });

  it.each(['TURN-Cred-Req', 'TURN-Cred-Req-Hdr'])('takes two fields that say the same as one: %s', (second) => {
    expect(parseCredentialRequest(headersOf([second, 'turn'], ['TURN-Cred-Req', 'turn']))).toMatchObject({
      kind: 'turn',
    });
  });

  it.each(['TURN-Cred-Req', 'TURN-Cred-Req-Hdr'])('tells two fields that differ as malformed: %s', (second) => {
    expect(parseCredentialRequest(headersOf([second, 'turn;ttl=60'], ['TURN-Cred-Req', 'turn']))).toMatchObject({
      kind: 'malformed',
    });
  });

  it('is undefined when nothing is asked', () => {
    expect(parseCredentialRequest(headersOf(['Via', 'turn'], ['TURN-Cred-Rsp', 'turn']))).toBeUndefined();
  });
});

describe('CredentialForm', () => {
  it('writes both forms', () => {
    const headers = new SipHeaders();
    appendCredential(headers, credential, { form: 'both', spelling: 'plain' });
    expect([...headers.entries()]).toEqual([
      [
        'TURN-Cred-Rsp',
        'name="pseud0nym";pwd="3UvzOvdFhyn5gJTnZ/BzAqyxPFk=";lifetime=1767225600;username="1767225600:pseud0nym";ttl=3600' +
          ';realm="example.com";uris="turn:turn.example.com:3478?transport=udp turns:turn.example.com:5349"',
      ],
      ['TURN-Username', '1767225600:pseud0nym'],
      ['TURN-Password', '3UvzOvdFhyn5gJTnZ/BzAqyxPFk='],
      ['TURN-Lifetime', '1767225600'],
      ['TURN-Realm', 'example.com'],
      ['TURN-URI', 'turn:turn.example.com:3478?transport=udp'],
      ['TURN-URI', 'turns:turn.example.com:5349'],
    ]);
  });

  it('writes one form when asked, under the name that was asked with, and no more than there is', () => {
    const { name, username, password, expiresAtSec } = credential;
    const least = { name, username, password, expiresAtSec };
    const combined = new SipHeaders();
    appendCredential(combined, least, { form: 'combined', spelling: 'hdr' });
    expect([...combined.entries()].map(([field]) => field)).toEqual(['TURN-Cred-Rsp-Hdr']);
    expect(combined.get('TURN-Cred-Rsp-Hdr')).not.toMatch(/ttl|realm|uris|kid|token/);
    const separate = new SipHeaders();
    appendCredential(separate, least, { form: 'separate', spelling: 'plain' });
    expect([...separate.entries()].map(([field]) => field)).toEqual([
      'TURN-Username',
      'TURN-Password',
      'TURN-Lifetime',
    ]);
  });

  it('writes the realm of the deployment, unless the credential is bound to another', () => {
    const form = new CredentialForm({ form: 'both', uris: [], realm: 'example.net' });
    const { realm, ...unbound } = credential;
    for (const [given, expected] of [
      [unbound, 'example.net'],
      [credential, realm],
    ] as const) {
      const headers = new SipHeaders();
      form.append(headers, given, 'plain');
      expect(headers.get('TURN-Realm')).toBe(expected);
      expect(parseTurnCredential(headers)).toMatchObject({ realm: expected });
    }
  });

  it('lets no line break of a URI or realm of the deployment through', () => {
    const evil = 'turn:x\r\nContact: <sip:evil@example.net>';
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error;
    expect(() => new CredentialForm({ form: 'both', uris: [evil] })).toThrow(refused);
    expect(() => new CredentialForm({ form: 'both', uris: [], realm: evil })).toThrow(refused);
  });

  it.each(['name', 'username', 'realm', 'password'])('lets no line break of %s through', (part) => {
    const evil = 'x\r\nContact: <sip:evil@example.net>';
    const value = part === 'password' ? new Secret(evil) : evil;
    const headers = new SipHeaders();
    expect(() => {
      appendCredential(headers, { ...credential, [part]: value }, { form: 'both', spelling: 'plain' });
    }).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error);
    expect(headers.has('Contact')).toBe(false);
  });
});

describe('parseTurnCredential', () => {
  const received = {
    kind: 'credential',
    username: '1767225600:pseud0nym',
    password: '3UvzOvdFhyn5gJTnZ/BzAqyxPFk=',
    expiresAtSec: 1_767_225_600,
    uris: credential.uris,
    realm: 'example.com',
  };

  it.each([
    ['both', 'plain', { name: 'pseud0nym', ttlSec: 3600 }],
    ['combined', 'hdr', { name: 'pseud0nym', ttlSec: 3600 }],
    ['separate', 'plain', {}],
  ] as const)('reads the form %s, spelled %s', (form, spelling, more) => {
    const headers = new SipHeaders();
    appendCredential(headers, credential, { form, spelling });
    expect(parseTurnCredential(headers)).toEqual({ ...received, ...more });
  });

  it('reads key id and token of an RFC 7635 credential', () => {
    const headers = new SipHeaders();
    const oauth = { ...credential, kid: 'north', token: new Secret('AAxo+/=') };
    appendCredential(headers, oauth, { form: 'combined', spelling: 'plain' });
    expect(parseTurnCredential(headers)).toMatchObject({ kid: 'north', token: 'AAxo+/=' });
  });

  it('gives back whatever was handed out', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !/[\r\n]/.test(value));
    fc.assert(
      fc.property(text, text, text, fc.nat(), (name, password, realm, expiresAtSec) => {
        const headers = new SipHeaders();
        const made = { name, username: `${expiresAtSec}:${name}`, password: new Secret(password), expiresAtSec, realm };
        appendCredential(headers, made, { form: 'combined', spelling: 'plain' });
        expect(parseTurnCredential(headers)).toEqual({
          ...{ kind: 'credential', name, username: made.username, expiresAtSec, realm, uris: [] },
          password: Buffer.from(password).toString(),
        });
      }),
    );
  });

  it('composes the username of the default order when the response leaves it out', () => {
    const value = 'name="u";pwd="p";lifetime=1767225600';
    expect(parseTurnCredential(headersOf(['TURN-Cred-Rsp', value]))).toMatchObject({ username: '1767225600:u' });
  });

  it.each(ISSUE_FAILURES)('reads error=%s', (error) => {
    const headers = new SipHeaders();
    appendCredentialError(headers, { error }, 'hdr');
    expect([...headers.entries()]).toEqual([['TURN-Cred-Rsp-Hdr', `error=${error}`]]);
    expect(parseTurnCredential(headers)).toEqual({ kind: 'error', error });
  });

  it('reads when to try again', () => {
    const headers = new SipHeaders();
    appendCredentialError(headers, { error: 'quota', retryAfterSec: 30 }, 'plain');
    expect(headers.get('TURN-Cred-Rsp')).toBe('error=quota;retry-after=30');
    expect(parseTurnCredential(headers)).toEqual({ kind: 'error', error: 'quota', retryAfterSec: 30 });
  });

  it.each(['', 'x', 'name="u"', 'name="u";pwd="p"', 'name="u";pwd="p";lifetime=soon', 'pwd="p";lifetime=1', 'name="u'])(
    'tells %j as malformed',
    (value) => {
      expect(parseTurnCredential(headersOf(['TURN-Cred-Rsp', value]))).toEqual({ kind: 'malformed' });
    },
  );

  it('tells half a credential in separate fields as malformed, and none as none', () => {
    expect(parseTurnCredential(headersOf(['TURN-Username', 'u'], ['TURN-Lifetime', '1']))).toEqual({
      kind: 'malformed',
    });
    expect(parseTurnCredential(headersOf(['Via', 'x']))).toBeUndefined();
  });

  it('accepts separate fields that someone has quoted', () => {
    const headers = headersOf(['TURN-Username', '"1:u"'], ['TURN-Password', '"p"'], ['TURN-Lifetime', '1']);
    expect(parseTurnCredential(headers)).toMatchObject({ username: '1:u', password: 'p' });
  });
});

describe('stripCredentialHeaders', () => {
  it('takes every field of the family away and no other', () => {
    const headers = headersOf(['Via', '1'], ['turn-cred-req', ''], ['TURN-CRED-REQ-HDR', 'oauth']);
    appendCredential(headers, credential, { form: 'both', spelling: 'plain' });
    appendCredential(headers, credential, { form: 'both', spelling: 'hdr' });
    headers.append('TURN-Other', 'x');
    expect(stripCredentialHeaders(headers)).toBe(true);
    expect([...headers.entries()].map(([name]) => name)).toEqual(['Via', 'TURN-Other']);
    expect(stripCredentialHeaders(headers)).toBe(false);
  });
});
