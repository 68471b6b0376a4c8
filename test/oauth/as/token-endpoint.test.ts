import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { ASSERTION_TYPE } from '../../../src/oauth/oauth-words.ts';
import { observe } from './observed.ts';
import { basic, clientKeys, createWaf, ISSUER, SECRET, START_MS, type Waf } from './waf.ts';

const START_SEC = START_MS / 1000;
const ALICE = { grant_type: 'client_credentials', scope: 'sip', impi: 'alice@ims.example' };
const TURN = { grant_type: 'client_credentials', scope: 'turn' };

async function errorOf(answer: Promise<Response> | Response): Promise<[number, unknown]> {
  const { status, json } = await bodyOf(answer);
  return [status, json.error];
}

async function bodyOf(
  answer: Promise<Response> | Response,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await answer;
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

function assertion(claims: Record<string, unknown> = {}, key = clientKeys.privateKey): string {
  const good = { iss: 'signer', sub: 'signer', aud: ISSUER, exp: START_SEC + 60, iat: START_SEC, jti: randomUUID() };
  // Without what is undefined.
  const given = JSON.parse(JSON.stringify({ ...good, ...claims })) as object;
  return jwt.sign(given, key, { algorithm: 'ES256' });
}

function postAssertion({ post }: Waf, text: string, form: Record<string, string> = TURN): Promise<Response> {
  return post('/oauth/token', { ...form, client_assertion_type: ASSERTION_TYPE, client_assertion: text });
}

describe('a registration token', () => {
  it('says what the edge has to know, signed by a published key', async () => {
    const waf = createWaf();
    const response = await waf.post('/oauth/token', ALICE, basic('wwsf', SECRET));
    expect([response.headers.get('Cache-Control'), response.headers.get('Pragma')]).toEqual(['no-store', 'no-cache']);
    const { json } = await bodyOf(response);
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'sip' });
    const keySet = (await (await waf.request('/oauth/jwks.json')).json()) as JSONWebKeySet;
    const { payload, protectedHeader } = await jwtVerify(String(json.access_token), createLocalJWKSet(keySet), {
      issuer: ISSUER,
      audience: 'ims.example',
      algorithms: ['ES256'],
      typ: 'at+jwt',
      currentDate: new Date(START_MS),
    });
    expect(protectedHeader.kid).toBe(keySet.keys[0]?.kid);
    expect(payload).toEqual({
      iss: ISSUER,
      sub: 'alice@ims.example',
      aud: 'ims.example',
      iat: START_SEC,
      exp: START_SEC + 3600,
      jti: expect.any(String) as string,
      client_id: 'wwsf',
      scope: 'sip',
      impi: 'alice@ims.example',
      impu: ['sip:alice@ims.example', 'tel:+15551'],
      origins: ['https://app.example'],
    });
  });

  it('says of an identity of the pool that it is one', async () => {
    const { json } = await bodyOf(
      createWaf().post('/oauth/token', { ...ALICE, impi: 'guest1@ims.example' }, basic('wwsf', SECRET)),
    );
    expect(jwt.decode(String(json.access_token))).toMatchObject({ pool: true, impu: ['sip:guest1@ims.example'] });
  });

  it.each([
    ['a user, to a client whose word is not taken', 'other', 'alice@ims.example', 'unauthorized_client'],
    ['an identity of the pool of another', 'wwsf', 'guest3@ims.example', 'unauthorized_client'],
    ['a user of another domain', 'wwsf', 'alice@evil.example', 'invalid_request'],
    ['a name that is no user name', 'wwsf', 'a"b@ims.example', 'invalid_request'],
  ])('is not given for %s', async (_, id, impi, error) => {
    expect(await errorOf(createWaf().post('/oauth/token', { ...ALICE, impi }, basic(id, SECRET)))).toEqual([
      400,
      error,
    ]);
  });

  it('stays good when another key signs, and is good no more when its key is gone', () => {
    const [old, fresh] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    const signed = createWaf({}, [old!]).ring.sign({ iat: START_SEC, exp: START_SEC + 60 });
    expect(createWaf({}, [fresh!, old!]).ring.verify(signed, START_SEC)).toMatchObject({ exp: START_SEC + 60 });
    expect(createWaf({}, [fresh!]).ring.verify(signed, START_SEC)).toBeUndefined();
    expect(createWaf({}, [fresh!, old!]).ring.verify(signed, START_SEC + 60)).toBeUndefined();
  });
});

describe('a token for the TURN server', () => {
  it('comes with its session key and with the end of it', async () => {
    const { json } = await bodyOf(createWaf().post('/oauth/token', TURN, basic('wwsf', SECRET)));
    expect(json).toEqual({
      access_token: Buffer.from('opaque').toString('base64'),
      token_type: 'pop',
      expires_in: 1800,
      scope: 'turn',
      kid: 'north',
      key: Buffer.alloc(32, 7).toString('base64'),
      alg: 'HMAC-SHA-256-128',
      aud: 'turn.example',
    });
  });

  it('is what token_type=pop asks for, and ends with not_after', async () => {
    const asked = { grant_type: 'client_credentials', token_type: 'pop', aud: 'turn.example', alg: 'HMAC-SHA-256-128' };
    const form = { ...asked, timestamp: '1361471629', not_after: String(START_SEC + 100) };
    expect((await bodyOf(createWaf().post('/oauth/token', form, basic('wwsf', SECRET)))).json.expires_in).toBe(100);
  });

  it.each([
    ['another server', { aud: 'elsewhere.example' }, 'invalid_target'],
    ['a time that has passed', { not_after: String(START_SEC) }, 'invalid_request'],
    ['no time', { not_after: '-1' }, 'invalid_request'],
    ['another algorithm', { alg: 'none' }, 'invalid_request'],
    ['a scope that nobody knows', { scope: 'constructor' }, 'invalid_scope'],
  ])('is not made for %s', async (_, more, error) => {
    expect(await errorOf(createWaf().post('/oauth/token', { ...TURN, ...more }, basic('wwsf', SECRET)))).toEqual([
      400,
      error,
    ]);
  });

  it('is not made where there are no keys for it, or for a client that may not have it', async () => {
    const without = createWaf({ turn: undefined });
    expect(await errorOf(without.post('/oauth/token', TURN, basic('wwsf', SECRET)))).toEqual([400, 'invalid_scope']);
    expect(await errorOf(createWaf().post('/oauth/token', TURN, basic('other', SECRET)))).toEqual([
      400,
      'invalid_scope',
    ]);
  });
});

describe('a client', () => {
  it('may send its secret in the form', async () => {
    const form = { ...TURN, client_id: 'wwsf', client_secret: SECRET };
    expect((await createWaf().post('/oauth/token', form)).status).toBe(200);
  });

  it.each([
    ['has another secret', basic('wwsf', 'wrong'), {}, 'wrong-secret'],
    ['is not known', basic('nobody', SECRET), {}, 'unknown-client'],
    ['has the name of something that every object has', basic('__proto__', SECRET), {}, 'unknown-client'],
    ['shows nothing', {}, {}, 'no-proof'],
    ['shows its name alone', {}, { client_id: 'wwsf' }, 'no-proof'],
    ['proves itself twice', basic('wwsf', SECRET), { client_secret: SECRET }, 'several-proofs'],
    ['is two clients', basic('wwsf', SECRET), { client_id: 'other' }, 'several-proofs'],
    ['has a key and shows a secret', basic('signer', SECRET), {}, 'other-proof'],
    ['sends what cannot be read', { Authorization: 'Basic %%%' }, {}, 'no-proof'],
    ['sends what cannot be decoded', basic('%zz', SECRET), {}, 'no-proof'],
    ['sends another scheme', { Authorization: 'Bearer x' }, {}, 'no-proof'],
  ])('that %s is refused, and the log learns why', async (_, headers, form, cause) => {
    const waf = createWaf();
    expect(await errorOf(waf.post('/oauth/token', { ...TURN, ...form }, headers))).toEqual([401, 'invalid_client']);
    expect(waf.reports).toEqual([`192.0.2.1 ${cause}`]);
  });

  it('that has used Basic is told so (RFC 6749 §5.2)', async () => {
    const { headers } = await createWaf().post('/oauth/token', TURN, basic('wwsf', 'wrong'));
    expect(headers.get('WWW-Authenticate')).toMatch(/^Basic realm=/);
  });

  it('is not listened to for a while after ten wrong secrets, from that address alone', async () => {
    const waf = createWaf();
    for (let i = 0; i < 10; i += 1) await waf.post('/oauth/token', TURN, basic('wwsf', 'wrong'));
    const barred = await waf.post('/oauth/token', TURN, basic('wwsf', SECRET));
    expect([barred.status, barred.headers.get('Retry-After')]).toEqual([429, '10']);
    const init = { method: 'POST', body: new URLSearchParams(TURN), headers: basic('wwsf', SECRET) };
    expect((await waf.request('/oauth/token', init, '192.0.2.2')).status).toBe(200);
    waf.pass(11);
    expect((await waf.post('/oauth/token', TURN, basic('wwsf', SECRET))).status).toBe(200);
  });

  it('that asks too often waits', async () => {
    const waf = createWaf({ limits: { requestsPerSec: 1, requestBurst: 2 } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await waf.post('/oauth/token', TURN, basic('wwsf', SECRET))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('gets nothing by a grant that is not its own', async () => {
    const waf = createWaf();
    for (const [grant, error] of [
      ['client_credentials', 'unauthorized_client'],
      ['password', 'unsupported_grant_type'],
      ['implicit', 'unsupported_grant_type'],
      ['toString', 'unsupported_grant_type'],
    ]) {
      const answer = waf.post('/oauth/token', { grant_type: grant! }, basic('edge', SECRET));
      expect(await errorOf(answer)).toEqual([400, error]);
    }
    expect(await errorOf(waf.post('/oauth/token', {}, basic('edge', SECRET)))).toEqual([400, 'invalid_request']);
    const open = { ...TURN, client_id: 'phone' };
    expect(await errorOf(waf.post('/oauth/token', open))).toEqual([400, 'unauthorized_client']);
  });
});

describe('an assertion', () => {
  it.each([ISSUER, `${ISSUER}/oauth/token`])('for %s is good once', async (aud) => {
    const waf = createWaf();
    const text = assertion({ aud });
    expect((await postAssertion(waf, text)).status).toBe(200);
    expect(await errorOf(postAssertion(waf, text))).toEqual([401, 'invalid_client']);
    expect(waf.reports).toEqual(['192.0.2.1 replayed-assertion']);
    waf.pass(61);
    expect((await postAssertion(waf, text)).status).toBe(401);
  });

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const publicPem = createPublicKey(clientKeys.privateKey).export({ type: 'spki', format: 'pem' });
  const unsigned = jwt.sign({ sub: 'signer', iss: 'signer', aud: ISSUER, exp: START_SEC + 60, jti: '1' }, '', {
    algorithm: 'none',
  });
  /** The public key as if it were a secret. */
  const confused = ((): string => {
    const [, payload = ''] = assertion().split('.');
    const signed = `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.${payload}`;
    return `${signed}.${createHmac('sha256', publicPem).update(signed).digest('base64url')}`;
  })();

  it.each([
    ['by another key', assertion({}, other), 'wrong-signature'],
    ['without a signature', unsigned, 'malformed-assertion'],
    ['by the public key as a secret', confused, 'malformed-assertion'],
    ['of another client', assertion({ sub: 'wwsf', iss: 'wwsf' }), 'other-proof'],
    ['by another issuer', assertion({ iss: 'wwsf' }), 'wrong-claims'],
    ['for another server', assertion({ aud: 'https://evil.example' }), 'wrong-claims'],
    ['for another server too', assertion({ aud: [ISSUER, 'https://evil.example'] }), 'wrong-claims'],
    ['that has ended', assertion({ exp: START_SEC - 60 }), 'wrong-claims'],
    ['that begins later', assertion({ nbf: START_SEC + 60 }), 'wrong-claims'],
    ['that is good for too long', assertion({ exp: START_SEC + 3600 }), 'wrong-claims'],
    ['that never ends', assertion({ exp: undefined }), 'wrong-claims'],
    ['without a name of its own', assertion({ jti: undefined }), 'wrong-claims'],
    ['with a name that is too long', assertion({ jti: 'x'.repeat(200) }), 'wrong-claims'],
    ['that is none', 'a.b.c', 'malformed-assertion'],
    ['that is too long', `${assertion()}${'x'.repeat(9000)}`, 'malformed-assertion'],
  ])('%s is refused', async (_, text, cause) => {
    const waf = createWaf();
    expect(await errorOf(postAssertion(waf, text))).toEqual([401, 'invalid_client']);
    expect(waf.reports).toEqual([`192.0.2.1 ${cause}`]);
  });
});

describe('the token endpoint', () => {
  it('takes GET with client_password behind a switch alone (TS 33.203 X.5.3.2)', async () => {
    const query = `/oauth/token?client_id=wwsf&client_password=${SECRET}&scope=turn`;
    const refused = await createWaf().request(query);
    expect([refused.status, refused.headers.get('Allow')]).toEqual([405, 'POST']);
    const { status, json } = await bodyOf(createWaf({ takesGet: true }).request(query));
    expect([status, json.token_type]).toEqual([200, 'pop']);
    const wrong = createWaf({ takesGet: true }).request('/oauth/token?client_id=wwsf&client_password=x');
    expect(await errorOf(wrong)).toEqual([401, 'invalid_client']);
  });

  it.each([
    ['JSON', 'application/json', JSON.stringify(TURN)],
    ['a repeated parameter', 'application/x-www-form-urlencoded', 'grant_type=client_credentials&grant_type=implicit'],
    [
      'more parameters than it knows',
      'application/x-www-form-urlencoded',
      'a=&'.repeat(10) + new Array(40).join('b=1&'),
    ],
    ['a body that is too long', 'application/x-www-form-urlencoded', `scope=${'x'.repeat(20_000)}`],
  ])('refuses %s', async (_, type, body) => {
    const init = { method: 'POST', body, headers: { ...basic('wwsf', SECRET), 'Content-Type': type } };
    expect(await errorOf(createWaf().request('/oauth/token', init))).toEqual([400, 'invalid_request']);
  });

  it('reads no more of a body without a length than it may have', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(4096).fill(120));
      },
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const init = { method: 'POST', body: endless, headers, duplex: 'half' } as RequestInit;
    expect((await createWaf().request('/oauth/token', init)).status).toBe(400);
    expect(pulled).toBeLessThan(10);
  });

  it('lets pages of the origins of its clients read the answer, and no others', async () => {
    const originOf = async (origin: string): Promise<string | null> => {
      const answer = await createWaf().post('/oauth/token', TURN, { Origin: origin });
      return answer.headers.get('Access-Control-Allow-Origin');
    };
    expect(await originOf('https://app.example')).toBe('https://app.example');
    expect(await originOf('https://evil.example')).toBeNull();
    expect(await originOf('null')).toBeNull();
  });

  it('answers whatever comes', async () => {
    const names = ['grant_type', 'scope', 'client_id', 'client_secret', 'client_assertion', 'code', 'impi', 'aud', 'x'];
    const waf = createWaf({ limits: { requestsPerSec: 10_000, requestBurst: 100_000 } });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary', maxLength: 40 })),
        fc.oneof(fc.constant(basic('wwsf', SECRET)), fc.constant({})),
        async (form, headers) => {
          const { status } = await waf.post('/oauth/token', { grant_type: 'client_credentials', ...form }, headers);
          expect([200, 400, 401, 429]).toContain(status);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('introspection', () => {
  const ask = (waf: Waf, token: string, id = 'edge') => waf.post('/oauth/introspect', { token }, basic(id, SECRET));

  it('tells an edge what a token says while it is good', async () => {
    const waf = createWaf();
    const { json } = await bodyOf(waf.post('/oauth/token', ALICE, basic('wwsf', SECRET)));
    const told = await bodyOf(ask(waf, String(json.access_token)));
    expect(told.json).toMatchObject({ active: true, impi: 'alice@ims.example', client_id: 'wwsf' });
    waf.pass(3600);
    expect((await bodyOf(ask(waf, String(json.access_token)))).json).toEqual({ active: false });
  });

  it.each([
    '',
    'a.b.c',
    'x'.repeat(5000),
    jwt.sign({ exp: START_SEC + 60, jti: '1' }, clientKeys.privateKey, { algorithm: 'ES256' }),
  ])('says of anything else that it is not good, and no more', async (token) => {
    const { status, json } = await bodyOf(ask(createWaf(), token));
    expect(json).toEqual(token === '' ? expect.objectContaining({ error: 'invalid_request' }) : { active: false });
    expect(status).toBe(token === '' ? 400 : 200);
  });

  it('is for clients that may ask', async () => {
    expect(await errorOf(ask(createWaf(), 'x', 'wwsf'))).toEqual([400, 'unauthorized_client']);
    expect(await errorOf(createWaf().post('/oauth/introspect', { token: 'x' }))).toEqual([401, 'invalid_client']);
  });
});

describe('what observers hear of the token endpoint', () => {
  it('is who asked for what, and what was made for whom', async () => {
    const { post, events } = createWaf();
    const heard = observe(events);
    await post(
      '/oauth/token',
      { grant_type: 'client_credentials', scope: 'turn', subject: 's' },
      basic('wwsf', SECRET),
    );
    expect(heard.lines).toEqual(['wwsf > waf token', 'token-issued', 'waf > wwsf token 200']);
    expect(heard.told[0]).toMatchObject({ grant: 'client_credentials', scope: 'turn' });
    expect(heard.told[1]).toMatchObject({ client: 'wwsf', scope: 'turn', name: 'u' });
    expect(heard.text()).not.toContain(SECRET);
  });

  it.each([
    ['a wrong secret', basic('wwsf', 'x'), {}, 'token-refused wrong-secret', 401],
    ['an unknown client', basic('nobody', 'x'), {}, 'token-refused unknown-client', 401],
    ['a scope that is none', basic('wwsf', SECRET), { scope: 'x' }, 'token-refused invalid_scope', 400],
  ])('is why %s got nothing', async (_what, headers, more, refusal, status) => {
    const { post, events } = createWaf();
    const heard = observe(events);
    await post('/oauth/token', { grant_type: 'client_credentials', ...more }, headers);
    expect(heard.lines).toEqual(['wwsf > waf token', refusal, `waf > wwsf token ${status}`]);
  });
});
