import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndpointFinder, readMetadata } from '../../../../src/oauth/wwsf/remote/waf-endpoints.ts';

const ISSUER = 'https://waf.example';
const GOOD = { issuer: ISSUER, token_endpoint: `${ISSUER}/token`, jwks_uri: `${ISSUER}/keys` };
const NOW = { monotonicMs: 0, unixMs: 0 };

function finder(answers: Record<string, { status: number; body: string } | undefined>, issuer = ISSUER) {
  const asked: string[] = [];
  const time = { monotonicMs: 0 };
  const found = new EndpointFinder({
    issuer,
    given: undefined,
    clock: { now: () => ({ ...NOW, ...time }) },
    fetch: ({ url }) => {
      asked.push(url);
      const answer = answers[url];
      return answer ? Promise.resolve(answer) : Promise.reject(new Error('away'));
    },
  });
  return { find: () => found.find(), asked, time, answers };
}

const OAUTH = `${ISSUER}/.well-known/oauth-authorization-server`;
const OPENID = `${ISSUER}/.well-known/openid-configuration`;

describe('metadata of an authorization server (RFC 8414)', () => {
  it('are looked up once an hour, by one request for all who wait', async () => {
    const { find, asked, time } = finder({ [OAUTH]: { status: 200, body: JSON.stringify(GOOD) } });
    const endpoints = { tokenEndpoint: `${ISSUER}/token`, jwksUri: `${ISSUER}/keys` };
    expect(await Promise.all([find(), find(), find()])).toEqual(Array(3).fill({ ok: true, value: endpoints }));
    await find();
    expect(asked).toEqual([OAUTH]);
    time.monotonicMs = 3_600_000;
    await find();
    expect(asked).toHaveLength(2);
  });

  it('serve on while there are no newer ones', async () => {
    const { find, time, answers } = finder({ [OAUTH]: { status: 200, body: JSON.stringify(GOOD) } });
    await find();
    time.monotonicMs = 3_600_000;
    answers[OAUTH] = undefined;
    expect(await find()).toMatchObject({ ok: true });
  });

  it('may be those of an OpenID provider, under the path of the issuer', async () => {
    const issuer = `${ISSUER}/tenant`;
    const oauth = `${OAUTH}/tenant`;
    const openid = `${issuer}/.well-known/openid-configuration`;
    const { find, asked } = finder(
      { [oauth]: { status: 404, body: '' }, [openid]: { status: 200, body: JSON.stringify({ ...GOOD, issuer }) } },
      issuer,
    );
    expect(await find()).toMatchObject({ ok: true });
    expect(asked).toEqual([oauth, openid]);
  });

  it.each([
    ['no-answer', {}],
    ['server-error', { [OAUTH]: { status: 502, body: '' } }],
    ['no-metadata', { [OAUTH]: { status: 404, body: '' }, [OPENID]: { status: 404, body: '' } }],
    ['no-metadata', { [OAUTH]: { status: 200, body: '[]' }, [OPENID]: { status: 302, body: '' } }],
  ])('cannot be had: %s', async (reason, answers) => {
    expect(await finder(answers).find()).toEqual({ ok: false, reason });
  });

  it.each([
    ['of another issuer', { issuer: 'https://evil.example' }],
    ['of the issuer in another spelling', { issuer: `${ISSUER}/` }],
    ['without a token endpoint', { token_endpoint: undefined }],
    ['with an endpoint that anybody could stand in for', { token_endpoint: 'http://waf.example/token' }],
    ['with a program of this machine as endpoint', { token_endpoint: 'http://127.0.0.1:6379/token' }],
    ['with a program of this machine that speaks TLS', { token_endpoint: 'https://[::1]:9443/token' }],
    ['with keys of a program of this machine', { jwks_uri: 'http://localhost:6379/keys' }],
    ['with keys that anybody could stand in for', { jwks_uri: 'http://waf.example/keys' }],
    ['with a user in an endpoint', { token_endpoint: 'https://user@waf.example/token' }],
    ['with an endpoint that is none', { token_endpoint: 7 }],
  ])('are of no use %s', (_, changes) => {
    expect(readMetadata(JSON.stringify({ ...GOOD, ...changes }), ISSUER)).toBeUndefined();
  });

  it('never make it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readMetadata(text, ISSUER)).toBeUndefined();
      }),
    );
  });
});
