import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { fail, ok } from '../../../../src/base/result.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { type KeySource } from '../../../../src/credentials/signing-keys.ts';
import { type WafFault } from '../../../../src/oauth/oauth-words.ts';
import { ClientSigner } from '../../../../src/oauth/wwsf/remote/client-signer.ts';
import { RemoteTokens } from '../../../../src/oauth/wwsf/remote/remote-tokens.ts';
import { WafClient } from '../../../../src/oauth/wwsf/remote/waf-client.ts';
import { EndpointFinder } from '../../../../src/oauth/wwsf/remote/waf-endpoints.ts';
import { type WafAnswer, type WafRequest } from '../../../../src/oauth/wwsf/remote/waf-fetch.ts';

const ISSUER = 'https://waf.example';
const SECRET = 'a-secret-of-forty-bytes-that-signs-HS256';
const START_MS = Date.parse('2026-11-28T05:00:00Z');
const START_SEC = START_MS / 1000;
const USER = { impi: 'alice@ims.example', impus: ['sip:alice@ims.example'] };
const waf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const CLAIMS = {
  iss: ISSUER,
  aud: 'ims.example',
  client_id: 'wwsf',
  impi: USER.impi,
  impu: ['sip:alice@ims.example', 'tel:+15551'],
  exp: START_SEC + 600,
};

function signed(changes: Record<string, unknown> = {}, keyid = 'k1', key = waf.privateKey): string {
  const claims = JSON.parse(JSON.stringify({ ...CLAIMS, ...changes })) as object;
  return jwt.sign(claims, key, { algorithm: 'ES256', keyid, noTimestamp: true });
}

function bearer(token: string, changes: Record<string, unknown> = {}): WafAnswer {
  const body = { access_token: token, token_type: 'Bearer', expires_in: 3600, ...changes };
  return { status: 200, body: JSON.stringify(body) };
}

const TURN = {
  access_token: Buffer.from('opaque').toString('base64'),
  token_type: 'pop',
  expires_in: 1800,
  kid: 'north',
  key: Buffer.alloc(32, 7).toString('base64'),
  aud: 'turn.example',
};

const KEYS: KeySource = {
  find: (kid) => {
    if (kid === 'away') return fail('unavailable');
    return kid === 'k1' ? ok({ algorithm: 'ES256', key: waf.publicKey }) : fail('unknown-key');
  },
};

type Answering = (request: WafRequest, count: number) => WafAnswer | Error | Promise<WafAnswer>;

function remote(answering: Answering, jwksUri: string | undefined = `${ISSUER}/keys`) {
  const faults: WafFault[] = [];
  const requests: WafRequest[] = [];
  const pauses: number[] = [];
  let passedMs = 0;
  const clock = { now: () => ({ monotonicMs: passedMs, unixMs: START_MS + passedMs }) };
  const report = (fault: WafFault): number => faults.push(fault);
  const signer = new ClientSigner('wwsf', ISSUER, { kind: 'secret', secret: new Secret(SECRET) });
  const fetch = async (request: WafRequest): Promise<WafAnswer> => {
    requests.push(request);
    const answer = await answering(request, requests.length);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const given = { tokenEndpoint: `${ISSUER}/token`, jwksUri };
  const tokens = new RemoteTokens({
    client: new WafClient({
      signer,
      endpoints: new EndpointFinder({ issuer: ISSUER, given, fetch, clock }),
      fetch,
      clock,
      pause: (ms) => {
        pauses.push(ms);
        passedMs += ms;
        return Promise.resolve();
      },
      report,
    }),
    signer,
    expected: { issuer: ISSUER, audience: 'ims.example', clientId: 'wwsf' },
    serverName: 'turn.example',
    keysAt: () => KEYS,
    report,
  });
  return {
    register: () => tokens.registrationToken(USER, clock.now()),
    turn: () => tokens.turnToken({ subject: 'wwsf s', person: USER.impi, notAfterSec: START_SEC + 60 }, clock.now()),
    faults,
    requests,
    pauses,
    pass: (ms: number) => {
      passedMs += ms;
    },
  };
}

describe('a registration token of an authorization server on another machine', () => {
  it('is asked for as RFC 7523 has it, and ends when it says', async () => {
    const { register, requests } = remote(() => bearer(signed()));
    expect(await register()).toMatchObject({
      kind: 'made',
      token: { impi: USER.impi, impus: CLAIMS.impu, expiresAtSec: START_SEC + 600 },
    });
    const [{ url, headers, body = '' } = { url: '', headers: {} }] = requests;
    const form = Object.fromEntries(new URLSearchParams(body));
    expect([url, headers.authorization]).toEqual([
      `${ISSUER}/token`,
      `Basic ${Buffer.from(`wwsf:${SECRET}`).toString('base64')}`,
    ]);
    expect(form).toMatchObject({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', scope: 'sip' });
    const named = jwt.verify(form.assertion!, SECRET, { algorithms: ['HS256'], clockTimestamp: START_SEC });
    expect(named).toMatchObject({ iss: 'wwsf', sub: USER.impi, aud: ISSUER, exp: START_SEC + 60 });
  });

  it.each<[WafFault, string, string]>([
    ['forged-token', 'by another key', signed({}, 'k1', stranger.privateKey)],
    ['forged-token', 'by a key that is not published', signed({}, 'k2')],
    ['forged-token', 'by no key that has a name', jwt.sign(CLAIMS, waf.privateKey, { algorithm: 'ES256' })],
    ['forged-token', 'by a public key taken for a secret', signedByMac()],
    ['keys-unavailable', 'by a key that cannot be fetched', signed({}, 'away')],
    ['other-token', 'of another issuer', signed({ iss: 'https://evil.example' })],
    ['other-token', 'for another audience', signed({ aud: ['elsewhere.example'] })],
    ['other-token', 'for another client', signed({ client_id: 'other' })],
    ['other-token', 'for another user', signed({ impi: 'bob@ims.example' })],
    ['other-token', 'that has ended', signed({ exp: START_SEC })],
    ['other-token', 'without an end', signed({ exp: undefined })],
  ])('is not handed on: %s %s', async (fault, _, token) => {
    const { register, faults } = remote(() => bearer(token));
    expect(await register()).toEqual({ kind: 'unavailable', retryAfterSec: 30 });
    expect(faults).toEqual([fault]);
  });

  it('that only its issuer can read is handed on as it came', async () => {
    const { register } = remote(() => bearer('opaque~1'));
    expect(await register()).toEqual({
      kind: 'made',
      token: { token: 'opaque~1', expiresAtSec: START_SEC + 3600, ...USER },
    });
  });

  it.each<[string, WafAnswer]>([
    ['no JSON', { status: 200, body: '<html>' }],
    ['a list', { status: 200, body: '[]' }],
    ['no token', bearer('', {})],
    ['a token that would break a header field', bearer('a"\r\nb')],
    ['a token of 9 kilobytes', bearer('a'.repeat(9000))],
    ['a token of another type', bearer('a', { token_type: 'dpop' })],
    ['a token without an end', bearer('a', { expires_in: undefined })],
    ['a token for years', bearer('a', { expires_in: 1e9 })],
    ['a token of the past', bearer('a', { expires_in: -1 })],
    ['a redirection', { status: 302, body: '' }],
  ])('is not made of %s', async (_, answer) => {
    const { register, faults } = remote(() => answer);
    expect((await register()).kind).toBe('unavailable');
    expect(faults).toEqual(['malformed-answer']);
  });

  it('is not made of whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), async (status, body) => {
        const { register, turn } = remote(() => ({ status, body }));
        expect((await register()).kind).not.toBe('made');
        expect((await turn()).kind).not.toBe('made');
      }),
    );
  });
});

function signedByMac(): string {
  const pem = waf.publicKey.export({ type: 'spki', format: 'pem' });
  return jwt.sign(CLAIMS, Buffer.from(pem), { algorithm: 'HS256', keyid: 'k1' });
}

describe('a TURN token of an authorization server on another machine', () => {
  it('comes with key and kid, for the user and the session that are named', async () => {
    const { turn, requests } = remote(() => ({ status: 200, body: JSON.stringify(TURN) }));
    const answer = await turn();
    expect(answer).toMatchObject({
      kind: 'made',
      token: { token: TURN.access_token, kid: 'north', expiresAtSec: START_SEC + 1800, audience: 'turn.example' },
    });
    expect(answer.kind === 'made' && answer.token.key.revealText()).toBe(TURN.key);
    const form = Object.fromEntries(new URLSearchParams(requests[0]?.body));
    expect(form).toMatchObject({ scope: 'turn', token_type: 'pop', subject: 'wwsf:s', not_after: `${START_SEC + 60}` });
  });

  it.each([
    ['a key of 24 bytes', { key: Buffer.alloc(24).toString('base64') }],
    ['no key', { key: undefined }],
    ['no kid', { kid: undefined }],
    ['a kid with a line break', { kid: 'a\r\nb' }],
    ['a Bearer token', { token_type: 'Bearer' }],
    ['a token that is not base64', { access_token: '!' }],
    ['an audience that is none', { aud: { a: 1 } }],
  ])('is not made of %s', async (_, changes) => {
    const { turn, faults } = remote(() => ({ status: 200, body: JSON.stringify({ ...TURN, ...changes }) }));
    expect((await turn()).kind).toBe('unavailable');
    expect(faults).toEqual(['malformed-answer']);
  });
});

describe('an authorization server that is away', () => {
  it('is tried again at once where nothing came back, with other proofs', async () => {
    const { register, requests, pauses } = remote((_, count) => (count < 3 ? new Error('reset') : bearer(signed())));
    expect((await register()).kind).toBe('made');
    expect(pauses).toEqual([200, 600]);
    const assertions = requests.map(({ body }) => new URLSearchParams(body).get('assertion'));
    expect(new Set(assertions).size).toBe(3);
  });

  it('is left alone for longer each time, and pages are told at once for how long', async () => {
    const { register, requests, faults, pass } = remote(() => ({ status: 502, body: '' }));
    for (const waitSec of [1, 2, 4]) {
      expect(await register()).toEqual({ kind: 'unavailable', retryAfterSec: waitSec });
      expect(await register()).toEqual({ kind: 'unavailable', retryAfterSec: waitSec });
      pass(waitSec * 1000);
    }
    expect([requests.length, faults]).toEqual([3, ['server-error', 'server-error', 'server-error']]);
  });

  it('says itself when to come back', async () => {
    const { register, faults } = remote(() => ({ status: 429, body: '', retryAfter: '10' }));
    expect(await register()).toEqual({ kind: 'unavailable', retryAfterSec: 10 });
    expect(faults).toEqual(['too-many-requests']);
  });

  it('holds no more than 200 pages that wait for it', async () => {
    let release: (answer: WafAnswer) => void = () => undefined;
    const hanging = new Promise<WafAnswer>((resolve) => (release = resolve));
    const { register, requests } = remote(() => hanging);
    const waiting = Array.from({ length: 200 }, () => register());
    await new Promise(setImmediate);
    expect(await register()).toEqual({ kind: 'unavailable', retryAfterSec: 1 });
    release(bearer(signed()));
    expect(new Set((await Promise.all(waiting)).map(({ kind }) => kind))).toEqual(new Set(['made']));
    expect(requests).toHaveLength(200);
  });

  it('is not away where it refuses', async () => {
    const { register, faults } = remote(() => ({ status: 400, body: '{"error":"invalid_grant"}' }));
    expect([await register(), await register()]).toEqual(Array(2).fill({ kind: 'refused', error: 'invalid_grant' }));
    expect(faults).toEqual(['token-refused', 'token-refused']);
  });

  it.each([
    [401, '{"error":"invalid_client"}', 'client-not-believed'],
    [400, '{"error":7}', 'malformed-answer'],
    [404, 'not found', 'malformed-answer'],
  ])('is left alone after %s %s', async (status, body, fault) => {
    const { register, faults } = remote(() => ({ status, body }));
    expect((await register()).kind).toBe('unavailable');
    expect((await register()).kind).toBe('unavailable');
    expect(faults).toEqual([fault]);
  });
});
