import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { type WebFetch, type WebRequest } from '../../../src/edge/web-identity/web-fetch.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { startEdge } from '../support/edge-server.ts';
import { Wic } from '../support/wic.ts';
import { ISSUER, Waf, webIdentity } from './waf.ts';

const TOKEN = 'mF_9.B5f-4/1Jq+M==';
const GOOD = {
  active: true,
  aud: ['other', 'example.com'],
  client_id: 'wwsf',
  impi: 'alice@example.com',
  impu: 'sip:alice@example.com',
  exp: Math.floor(Date.now() / 1000) + 600,
};

const endings: AsyncDisposable[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) await end[Symbol.asyncDispose]();
});

async function registering(answer: object | null, token = TOKEN) {
  const asked: WebRequest[] = [];
  const webFetch: WebFetch = (request) => {
    asked.push(request);
    return Promise.resolve({ status: 200, body: JSON.stringify(answer) });
  };
  const check = {
    kind: 'introspection',
    url: 'https://waf.example.com/introspect',
    clientId: 'edge',
    clientSecret: new Secret('s3cret'),
  } as const;
  const issuers = [{ issuer: ISSUER, entity: 'waf', clients: [{ id: 'wwsf', pools: [] }], check }];
  const server = await startEdge(edgeOptions({ webIdentity: webIdentity({ issuers }) }), { webFetch });
  endings.push(server);
  const alice = new Wic('alice', await server.connect());
  alice.send(alice.buildRegister({ headers: { Authorization: `Bearer ${token}` } }));
  return { server, alice, asked };
}

describe('an opaque token', () => {
  it('is checked by asking its issuer once, and taken by its bytes from there on', async () => {
    const { alice, asked } = await registering(GOOD);
    await alice.socket.response(200, 'REGISTER');
    expect(asked).toMatchObject([{ url: 'https://waf.example.com/introspect', client: { id: 'edge' } }]);
    expect([...new URLSearchParams(asked[0]!.form)]).toEqual([
      ['token', TOKEN],
      ['token_type_hint', 'access_token'],
    ]);
    alice.send(alice.buildRegister({ headers: { Authorization: `Bearer access_token="${TOKEN}"` } }));
    await alice.socket.response(200, 'REGISTER');
    expect(asked).toHaveLength(1);
  });

  it.each<[string, object, number, string]>([
    ['is not active', { active: false }, 401, 'token-inactive'],
    ['has the word active in another type', { ...GOOD, active: 'true' }, 401, 'token-inactive'],
    ['is of another issuer', { ...GOOD, iss: 'https://evil.example.com' }, 401, 'token-issuer'],
    ['is for another audience', { ...GOOD, aud: 'other' }, 401, 'token-audience'],
    ['does not say when it ends', { ...GOOD, exp: undefined }, 401, 'token-claims'],
    ['has ended', { ...GOOD, exp: 1 }, 401, 'token-expired'],
    ['is of another client', { ...GOOD, client_id: 'other' }, 403, 'token-client'],
  ])('is refused if it %s', async (_what, answer, status, cause) => {
    const { server, alice } = await registering(answer);
    await alice.socket.response(status, 'REGISTER');
    expect(server.events.named('authentication-failed').map((event) => event.cause)).toEqual([cause]);
  });

  it('is answered 503 if its issuer answers with no object', async () => {
    const { alice } = await registering(null);
    await alice.socket.response(503, 'REGISTER');
  });

  it('may be signed too: its issuer is asked all the same', async () => {
    const waf = new Waf();
    await waf.addKey('k1');
    const { alice, asked } = await registering({ ...GOOD, iss: ISSUER }, await waf.token('alice'));
    await alice.socket.response(200, 'REGISTER');
    expect(asked).toHaveLength(1);
  });
});
