import { type KeyObject, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import jwt, { type Algorithm } from 'jsonwebtoken';
import { customFetch, genericTokenEndpointRequest, PrivateKeyJwt, type AuthorizationServer } from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { ASSERTION_TYPE, JWT_BEARER } from '../../../src/oauth/oauth-words.ts';
import { basic, clientKeys, createWaf, ISSUER, LONG_SECRET, SECRET, START_MS, type Waf } from './waf.ts';

const START_SEC = START_MS / 1000;

/** What a client signs about its user. */
function aboutUser(
  claims: Record<string, unknown>,
  key: KeyObject | string | Buffer = clientKeys.privateKey,
  algorithm: Algorithm = 'ES256',
): string {
  const good = { iss: 'elsewhere', aud: `${ISSUER}/oauth/token`, exp: START_SEC + 60, jti: randomUUID() };
  // Without what is undefined.
  const given = JSON.parse(JSON.stringify({ ...good, ...claims })) as object;
  return jwt.sign(given, key, { algorithm, noTimestamp: true });
}

/** A request of a client with a key. */
async function ask(waf: Waf, assertion: string, form: Record<string, string> = { scope: 'sip' }) {
  const client = aboutUser({ sub: 'elsewhere', aud: ISSUER });
  const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: client };
  const answer = await waf.post('/oauth/token', { grant_type: JWT_BEARER, assertion, ...proof, ...form });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('a web server (WWSF) that signs who its user is (RFC 7523 §2.1)', () => {
  it('gets a registration token for that user, and for an identity of its pool', async () => {
    const waf = createWaf();
    const { json } = await ask(waf, aboutUser({ sub: 'alice@ims.example' }));
    expect(json).toMatchObject({ token_type: 'Bearer', scope: 'sip' });
    expect(jwt.decode(String(json.access_token))).toMatchObject({
      client_id: 'elsewhere',
      impi: 'alice@ims.example',
      impu: ['sip:alice@ims.example', 'tel:+15551'],
    });
    const guest = await ask(waf, aboutUser({ sub: 'guest4@ims.example' }));
    expect(jwt.decode(String(guest.json.access_token))).toMatchObject({ pool: true, impi: 'guest4@ims.example' });
  });

  it('gets a TURN token that is known to be of that user', async () => {
    const waf = createWaf();
    const made: unknown[] = [];
    waf.events.on('token-issued', (event) => made.push(event));
    const form = { scope: 'turn', subject: 'wwsf:1', not_after: String(START_SEC + 100) };
    const { json } = await ask(waf, aboutUser({ sub: 'alice@ims.example' }), form);
    expect(json).toMatchObject({ token_type: 'pop', kid: 'north', expires_in: 100 });
    expect(made).toMatchObject([{ client: 'elsewhere', scope: 'turn', impi: 'alice@ims.example' }]);
  });

  it('may sign by a secret of 32 bytes', async () => {
    const waf = createWaf();
    const assertion = aboutUser({ iss: 'lender', sub: 'guest5@ims.example' }, LONG_SECRET, 'HS256');
    const form = { grant_type: JWT_BEARER, assertion, scope: 'sip' };
    expect((await waf.post('/oauth/token', form, basic('lender', LONG_SECRET))).status).toBe(200);
    const other = aboutUser({ iss: 'lender', sub: 'alice@ims.example' }, LONG_SECRET, 'HS256');
    const refused = await waf.post('/oauth/token', { ...form, assertion: other }, basic('lender', LONG_SECRET));
    expect(await refused.json()).toMatchObject({ error: 'unauthorized_client' });
  });

  it.each([
    ['a user of another domain', { sub: 'alice@evil.example' }],
    ['itself', { sub: 'elsewhere' }],
    ['nobody', {}],
    ['no text', { sub: 7 }],
    ['a user, in the name of another client', { sub: 'alice@ims.example', iss: 'wwsf' }],
    ['a user, to another server', { sub: 'alice@ims.example', aud: 'https://evil.example' }],
    ['a user, to this server and another', { sub: 'alice@ims.example', aud: [ISSUER, 'https://evil.example'] }],
    ['a user, for longer than five minutes', { sub: 'alice@ims.example', exp: START_SEC + 400 }],
    ['a user, without an end', { sub: 'alice@ims.example', exp: undefined }],
    ['a user, at a time that has passed', { sub: 'alice@ims.example', exp: START_SEC - 60 }],
    ['a user, without a name of the assertion', { sub: 'alice@ims.example', jti: undefined }],
  ])('is refused who signs of %s', async (_, claims) => {
    expect(await ask(createWaf(), aboutUser(claims))).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it('is refused an identity of the pool of another', async () => {
    const { json } = await ask(createWaf(), aboutUser({ sub: 'guest3@ims.example' }));
    expect(json.error).toBe('unauthorized_client');
  });

  it('is refused an assertion that was shown before, as proof of a user or of itself', async () => {
    const waf = createWaf();
    const assertion = aboutUser({ sub: 'alice@ims.example' });
    expect((await ask(waf, assertion)).status).toBe(200);
    expect((await ask(waf, assertion)).json.error).toBe('invalid_grant');
    const form = {
      grant_type: JWT_BEARER,
      assertion,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
    };
    expect((await waf.post('/oauth/token', form)).status).toBe(401);
    expect(waf.reports).toContain('192.0.2.1 replayed-assertion');
  });

  it('is refused a signature by a public key taken for a secret, and none at all', async () => {
    const pem = clientKeys.publicKey.export({ type: 'spki', format: 'pem' });
    const mac = aboutUser({ sub: 'alice@ims.example' }, Buffer.from(pem), 'HS256');
    const none = jwt.sign({ iss: 'elsewhere', sub: 'alice@ims.example' }, '', { algorithm: 'none' });
    for (const assertion of [mac, none]) expect((await ask(createWaf(), assertion)).json.error).toBe('invalid_grant');
  });

  it('needs the grant, and an assertion', async () => {
    const waf = createWaf();
    const assertion = aboutUser({ iss: 'wwsf', sub: 'alice@ims.example' });
    const form = { grant_type: JWT_BEARER, scope: 'sip' };
    const other = await waf.post('/oauth/token', { ...form, assertion }, basic('wwsf', SECRET));
    expect(await other.json()).toMatchObject({ error: 'unauthorized_client' });
    const none = await waf.post('/oauth/token', form, basic('lender', LONG_SECRET));
    expect(await none.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('gets an answer to whatever it signs', async () => {
    const waf = createWaf({ limits: { requestsPerSec: 1000, requestBurst: 10_000 } });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        async (text) => {
          const [head = '', , mac = ''] = aboutUser({}).split('.');
          const assertion = `${head}.${Buffer.from(text).toString('base64url')}.${mac}`;
          expect((await ask(waf, assertion)).status).toBe(400);
          expect((await ask(waf, text)).status).toBe(400);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a client that goes away before its form has come', () => {
  it('fails no request of this server, whose log would have an error for it', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('grant_type='));
        controller.error(new Error('aborted'));
      },
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    expect((await createWaf().request('/oauth/token', init)).status).toBe(400);
  });
});

describe('oauth4webapi, as a web server on another machine', () => {
  it('asks for a token of a user by an assertion', async () => {
    const waf = createWaf();
    const key = await crypto.subtle.importKey(
      'pkcs8',
      clientKeys.privateKey.export({ type: 'pkcs8', format: 'der' }),
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
    waf.pass(Math.floor(Date.now() / 1000) - START_SEC);
    const metadata = (await (
      await waf.request('/.well-known/oauth-authorization-server')
    ).json()) as AuthorizationServer;
    expect(metadata.grant_types_supported).toContain(JWT_BEARER);
    const assertion = aboutUser({ sub: 'alice@ims.example', exp: Math.floor(Date.now() / 1000) + 60 });
    const answer = await genericTokenEndpointRequest(
      metadata,
      { client_id: 'elsewhere' },
      PrivateKeyJwt(key),
      JWT_BEARER,
      { assertion, scope: 'sip' },
      {
        [customFetch]: (url, { headers, body }) =>
          waf.request(new URL(url).pathname, { method: 'POST', headers: { ...headers }, body: String(body) }),
      },
    );
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer' });
  });
});
