import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { type AccessWords, checkAccess } from '../../src/http/access.ts';
import { ApiError } from '../../src/http/api-error.ts';

const TOKEN = 'a-token-of-24-characters';
const HERE = 'localhost:8443';

const WORDS: AccessWords = { elsewhere: 'not from elsewhere', proxy: 'not by a proxy', token: 'show the token' };

type Fields = Readonly<Record<string, string>>;

/** The refusal; `undefined` when let pass. */
function refusalOf(peer: string | undefined, fields: Fields, token?: string): ApiError | undefined {
  try {
    checkAccess({ peer, headers: new Headers(fields) }, token ? new Secret(token) : undefined, WORDS);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function codeFor(peer: string | undefined, fields: Fields, token?: string): string | undefined {
  return refusalOf(peer, fields, token)?.code;
}

describe('an API without a token', () => {
  it.each<[string, string, Fields]>([
    ['a program on this machine', '127.0.0.1', { host: HERE }],
    ['a program on this machine over IPv6', '::1', { host: '[::1]:8443' }],
    ['one whose address is IPv4 within IPv6', '::ffff:127.0.0.1', { host: '127.0.0.1:8443' }],
    [
      'the page of this server',
      '127.0.0.1',
      { host: HERE, origin: `https://${HERE}`, 'sec-fetch-site': 'same-origin' },
    ],
    ['an address typed into a browser', '::1', { host: HERE, 'sec-fetch-site': 'none' }],
  ])('lets %s pass', (_who, peer, fields) => {
    expect(codeFor(peer, fields)).toBeUndefined();
  });

  it.each<[string, string | undefined, Fields]>([
    ['another machine', '192.0.2.1', { host: HERE }],
    ['another machine of the same network', '10.0.0.7', { host: HERE }],
    ['a connection that is gone', undefined, { host: HERE }],
    ['a page that had its name resolved to this machine', '127.0.0.1', { host: 'evil.example:8443' }],
    ['a name that only begins like one of this machine', '127.0.0.1', { host: 'localhost.evil.example' }],
    ['a request without Host', '127.0.0.1', {}],
    ['a page of another site', '127.0.0.1', { host: HERE, origin: 'https://evil.example' }],
    ['a page of another port', '127.0.0.1', { host: HERE, origin: 'https://localhost:9999' }],
    ['a page without TLS', '127.0.0.1', { host: HERE, origin: `http://${HERE}` }],
    ['a page that hides its origin', '127.0.0.1', { host: HERE, origin: 'null' }],
    ['a request that a page of another site caused', '127.0.0.1', { host: HERE, 'sec-fetch-site': 'cross-site' }],
    ['a request that a page of another port caused', '127.0.0.1', { host: HERE, 'sec-fetch-site': 'same-site' }],
    ['a client of a proxy on this machine', '127.0.0.1', { host: HERE, 'x-forwarded-for': '192.0.2.1' }],
    ['a client of a proxy that names the host alone', '::1', { host: HERE, 'x-forwarded-host': 'lab.example' }],
    ['a client of a proxy of the cloud', '127.0.0.1', { host: HERE, 'cf-connecting-ip': '192.0.2.1' }],
  ])('refuses %s', (_who, peer, fields) => {
    expect(codeFor(peer, fields)).toBe('ERR_FORBIDDEN');
  });

  it('takes no token that it was not given', () => {
    expect(codeFor('192.0.2.1', { host: HERE, authorization: `Bearer ${TOKEN}` })).toBe('ERR_FORBIDDEN');
  });
});

describe('an API with a token', () => {
  const bearer = { authorization: `Bearer ${TOKEN}` };

  it.each<[string, string, Fields]>([
    ['whoever shows it, from anywhere', '192.0.2.1', { host: 'lab.example', ...bearer }],
    ['whoever shows it on this machine', '127.0.0.1', { host: HERE, ...bearer }],
    ['whoever spells its scheme otherwise', '192.0.2.1', { host: HERE, authorization: `bearer  ${TOKEN} ` }],
    ['the page of this server on this machine', '127.0.0.1', { host: HERE, 'sec-fetch-site': 'same-origin' }],
  ])('lets %s pass', (_who, peer, fields) => {
    expect(codeFor(peer, fields, TOKEN)).toBeUndefined();
  });

  it.each<[string, string, Fields]>([
    ['a program on this machine that shows none', '127.0.0.1', { host: HERE }],
    ['another machine that shows none', '192.0.2.1', { host: HERE, 'sec-fetch-site': 'same-origin' }],
    ['a wrong one of the same length', '127.0.0.1', { host: HERE, authorization: `Bearer ${TOKEN.replace('a', 'b')}` }],
    ['the beginning of it', '127.0.0.1', { host: HERE, authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['it as a password', '127.0.0.1', { host: HERE, authorization: `Basic ${TOKEN}` }],
    ['an empty one', '127.0.0.1', { host: HERE, authorization: 'Bearer ' }],
    [
      'a page that shows a wrong one',
      '127.0.0.1',
      { host: HERE, 'sec-fetch-site': 'same-origin', authorization: 'Bearer x' },
    ],
    [
      'a page of another site',
      '127.0.0.1',
      { host: HERE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    ],
  ])('refuses %s', (_who, peer, fields) => {
    expect(codeFor(peer, fields, TOKEN)).toBe('ERR_UNAUTHORIZED');
  });
});

describe('a refusal', () => {
  it('has the words of the API', () => {
    expect(refusalOf('192.0.2.1', { host: HERE })?.message).toBe('not from elsewhere');
    expect(refusalOf('127.0.0.1', { host: HERE, via: '1.1 proxy' })?.message).toBe('not by a proxy');
    expect(refusalOf('127.0.0.1', { host: HERE }, TOKEN)?.message).toBe('show the token');
  });

  it('names the header field that gives the sender away', () => {
    expect(refusalOf('127.0.0.1', { host: 'evil.example' })?.message).toContain('Host: expected localhost');
    expect(refusalOf('127.0.0.1', { host: HERE, origin: 'https://evil.example' })?.message).toContain('Origin: ');
    expect(refusalOf('127.0.0.1', { host: HERE, 'sec-fetch-site': 'cross-site' })?.message).toContain('Sec-Fetch-');
  });
});
