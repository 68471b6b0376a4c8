import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { parseAuthFields } from '../../src/sip/auth-params.ts';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../../src/sip/digest-algorithm.ts';
import { type DigestAuthorization, parseAuthorization } from '../../src/sip/digest-authorization.ts';
import { challengeFormat, type DigestChallenge, DigestVerifier, ha1 } from '../../src/sip/digest.ts';
import { computeDigestResponse, formatAuthorization, parseChallenge } from './digest-client.ts';
import { require } from './sample-messages.ts';

const jsSipDigest = require('jssip/lib/DigestAuthentication') as new (credentials: object) => {
  authenticate(request: object, challenge: object): boolean;
  toString(): string;
};

const grammar = require('jssip/lib/Grammar') as { parse(text: string, rule: string): { qop?: string[] } };

const mufasa = {
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  password: new Secret('Circle of Life'),
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  qop: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
};

function answer(algorithm: DigestAlgorithm, input = mufasa): string {
  const { method, uri, nonce, qop } = input;
  return computeDigestResponse({ algorithm, ha1: ha1({ ...input, algorithm }), method, uri, nonce, qop });
}

describe('requestDigest', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('gives the answer of RFC 7616 §3.9.1 for %s', (algorithm, expected) => {
    expect(answer(algorithm)).toBe(expected);
  });

  it('gives the answer of RFC 2617 §3.5', () => {
    const input = {
      username: 'Mufasa',
      realm: 'testrealm@host.com',
      password: new Secret('Circle Of Life'),
      method: 'GET',
      uri: '/dir/index.html',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      qop: { nc: '00000001', cnonce: '0a4f113b' },
    };
    expect(answer('MD5', input)).toBe('6629fae49393a05397450978507c4ef1');
    expect(ha1({ ...input, algorithm: 'MD5' }).revealText()).toBe('939e7578ed9e3c518a452acee763bce9');
  });

  it('leaves nonce count and cnonce out without qop', () => {
    const { method, uri, nonce } = mufasa;
    const without = computeDigestResponse({
      algorithm: 'MD5',
      ha1: ha1({ ...mufasa, algorithm: 'MD5' }),
      method,
      uri,
      nonce,
    });
    // MD5(HA1:nonce:HA2), computed with Python hashlib, as the two below.
    expect(without).toBe('7b2cc3b30e75b4777ea31027084363fd');
  });

  it('binds the -sess variants to nonce and cnonce', () => {
    for (const algorithm of ['MD5-sess', 'SHA-256-sess'] as const) {
      const other = { ...mufasa, qop: { ...mufasa.qop, cnonce: 'x' } };
      expect(answer(algorithm)).not.toBe(answer(algorithm.startsWith('MD5') ? 'MD5' : 'SHA-256'));
      expect(answer(algorithm)).not.toBe(answer(algorithm, other));
    }
    expect(answer('MD5-sess')).toBe('e783283f46242139c486a698fec7211d');
    expect(answer('SHA-256-sess')).toBe('2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7');
  });
});

const browserAuthorization =
  'Digest algorithm=MD5, username="alice", realm="example.com", nonce="n\\"1", uri="sip:example.com",' +
  ' response="6629FAE49393a05397450978507c4ef1", opaque="", qop=auth, cnonce="0a4f113b", nc=0000000A';

describe('parseAuthorization', () => {
  it('reads the credentials of a browser', () => {
    expect(parseAuthorization(browserAuthorization)).toEqual({
      ok: true,
      value: {
        username: 'alice',
        realm: 'example.com',
        nonce: 'n"1',
        uri: 'sip:example.com',
        response: '6629fae49393a05397450978507c4ef1',
        algorithm: 'MD5',
        qop: { nc: '0000000A', nonceCount: 10, cnonce: '0a4f113b' },
        opaque: '',
      },
    });
  });

  it('reads the first REGISTER of an IMS client, which answers nothing yet', () => {
    const text = 'Digest username="a@home", realm="home", nonce="", uri="sip:home", response=""';
    expect(parseAuthorization(text)).toMatchObject({ ok: true, value: { nonce: '', response: '', algorithm: 'MD5' } });
  });

  const without = (name: string): string => browserAuthorization.replace(new RegExp(`${name}=("[^"]*"|[^,]*),? ?`), '');
  it.each([
    [without('username'), 'malformed'],
    [without('realm'), 'malformed'],
    [browserAuthorization.replace('nonce="n\\"1", ', ''), 'malformed'],
    [without('uri'), 'malformed'],
    [without('response'), 'malformed'],
    [without('nc'), 'malformed'],
    [browserAuthorization.replace('cnonce="0a4f113b", ', ''), 'malformed'],
    [browserAuthorization.replace('0000000A', '1'), 'malformed'],
    [browserAuthorization.replace('0000000A', '0000000G'), 'malformed'],
    [browserAuthorization.replace('6629', ''), 'malformed'],
    [browserAuthorization.replace('6629', 'zzzz'), 'malformed'],
    [browserAuthorization.replace('MD5', 'SHA-256'), 'malformed'],
    [browserAuthorization.replace('MD5', 'SHA-512-256'), 'unsupported-algorithm'],
    [browserAuthorization.replace('MD5', 'constructor'), 'unsupported-algorithm'],
    [browserAuthorization.replace('qop=auth', 'qop=auth-int'), 'unsupported-qop'],
    [`${browserAuthorization}, realm="other"`, 'malformed'],
    [`${browserAuthorization}, junk`, 'malformed'],
    [without('qop').replace('MD5', 'MD5-sess'), 'malformed'],
    ['Digest', 'malformed'],
    ['', 'malformed'],
    ['Bearer abc', 'other-scheme'],
    ['Basic dTpw', 'other-scheme'],
  ])('refuses %j', (text, reason) => {
    expect(parseAuthorization(text)).toEqual({ ok: false, reason });
  });

  it('takes the lists that parseAuthFields takes, and reads the same in them', () => {
    const piece = fc.constantFrom(
      ...[
        'username=',
        'realm',
        'NONCE',
        'uri',
        'response',
        'algorithm',
        'qop',
        'nc',
        'cnonce',
        'x',
        'Y',
        'y',
        '""',
        '"a"',
        '"a,b"',
      ],
      ...[
        '"\\\\"',
        '"\\""',
        '"',
        '\\',
        '<',
        '>',
        'auth',
        'MD5',
        'md5',
        '0000000b',
        '=',
        ',',
        ' ',
        '\t',
        '\r',
        'ä',
        'K',
        'a',
      ],
    );
    const known = 'username="a", realm="b", nonce="c", uri="d", response=""';
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, whole) => {
        const text = `Digest ${whole ? `${known}, ` : ''}${pieces.join('')}`;
        const params = parseAuthFields(text)?.params;
        const read = parseAuthorization(text);
        const { username, realm, nonce, uri, response } = Object.fromEntries(params ?? []);
        if ([username, realm, nonce, uri, response].includes(undefined)) {
          expect(read).toEqual({ ok: false, reason: 'malformed' });
        } else if (read.ok) {
          const cnonce = read.value.qop && params?.get('cnonce');
          expect(read.value).toMatchObject({ username, realm, nonce, uri, opaque: params?.get('opaque') });
          expect(read.value.qop?.cnonce).toBe(cnonce);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads what formatAuthorization writes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const algorithm = fc.constantFrom(...DIGEST_ALGORITHMS);
    fc.assert(
      fc.property(text, text, text, text, text, algorithm, (username, realm, nonce, cnonce, opaque, chosen) => {
        const authorization: DigestAuthorization = {
          username,
          realm,
          nonce,
          uri: 'sip:a',
          response: (chosen.startsWith('MD5') ? 'ab' : 'abcd').repeat(16),
          algorithm: chosen,
          qop: { nc: '0000000b', nonceCount: 11, cnonce },
          opaque,
        };
        expect(parseAuthorization(formatAuthorization(authorization))).toEqual({ ok: true, value: authorization });
      }),
    );
  });
});

function formatChallenge(challenge: DigestChallenge): string {
  return challengeFormat(challenge)(challenge.nonce, challenge.stale);
}

describe('challengeFormat', () => {
  it('writes what a client reads', () => {
    const challenge = {
      realm: 'a "realm"',
      nonce: 'n',
      algorithm: 'SHA-256' as const,
      qop: ['auth'],
      stale: true,
      opaque: 'o',
      domain: 'sip:a sip:b',
    };
    expect(parseChallenge(formatChallenge(challenge))).toEqual({ ok: true, value: challenge });
    const plain = { realm: 'r', nonce: 'n', algorithm: 'MD5' as const, qop: [], stale: false };
    expect(formatChallenge(plain)).toBe('Digest realm="r", nonce="n", algorithm=MD5');
    expect(parseChallenge(formatChallenge(plain))).toEqual({ ok: true, value: plain });
  });
});

describe('a verifier', () => {
  it.each(DIGEST_ALGORITHMS)('accepts the right answer and no other, however often it is asked: %s', (algorithm) => {
    const verifier = new DigestVerifier({ ...mufasa, algorithm });
    const authorization: DigestAuthorization = {
      username: mufasa.username,
      realm: mufasa.realm,
      nonce: mufasa.nonce,
      uri: mufasa.uri,
      algorithm,
      response: answer(algorithm),
      qop: { ...mufasa.qop, nonceCount: 1 },
    };
    for (let i = 0; i < 2; i++) {
      expect(verifier.verify(authorization, 'GET')).toBe(true);
      expect(verifier.verify(authorization, 'PUT')).toBe(false);
      expect(verifier.verify({ ...authorization, nonce: 'x' }, 'GET')).toBe(false);
      expect(verifier.verify({ ...authorization, uri: '/' }, 'GET')).toBe(false);
      expect(verifier.verify({ ...authorization, uri: '/'.repeat(300) }, 'GET')).toBe(false);
      expect(verifier.verify({ ...authorization, response: '' }, 'GET')).toBe(false);
    }
    const wrong = new DigestVerifier({ ...mufasa, algorithm, password: new Secret('circle of life') });
    expect(wrong.verify(authorization, 'GET')).toBe(false);
  });

  it('is for one name, one algorithm and one password', () => {
    const verifier = new DigestVerifier({ ...mufasa, algorithm: 'MD5' });
    const credentials: DigestAuthorization = { ...mufasa, algorithm: 'MD5', response: '', qop: undefined };
    expect(verifier.isFor(credentials, mufasa.password)).toBe(true);
    expect(verifier.isFor({ ...credentials, username: 'Scar' }, mufasa.password)).toBe(false);
    expect(verifier.isFor({ ...credentials, algorithm: 'SHA-256' }, mufasa.password)).toBe(false);
    expect(verifier.isFor(credentials, new Secret('Circle of Life'))).toBe(false);
  });

  it('accepts what JsSIP answers to our challenge', () => {
    // JsSIP writes quotes and backslashes without escaping them.
    const text = fc.stringMatching(/^[ !#-[\]-~äö€]{1,12}$/);
    fc.assert(
      fc.property(text, text, text, text, fc.boolean(), (username, realm, password, nonce, withQop) => {
        const qop = withQop ? ['auth'] : [];
        const challenge = formatChallenge({ algorithm: 'MD5', realm, nonce, qop, stale: false });
        const client = new jsSipDigest({ username, password });
        const request = { method: 'REGISTER', ruri: 'sip:example.com', body: undefined };
        const understood = grammar.parse(challenge, 'challenge');
        expect(client.authenticate(request, { ...understood, qop: withQop ? understood.qop : undefined })).toBe(true);
        const authorization = parseAuthorization(client.toString());
        const verifier = new DigestVerifier({ algorithm: 'MD5', username, realm, password: new Secret(password) });
        expect(authorization.ok && verifier.verify(authorization.value, 'REGISTER')).toBe(true);
      }),
    );
  });
});
