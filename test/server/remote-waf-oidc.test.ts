import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt, { type JwtPayload } from 'jsonwebtoken';
import Provider, { errors } from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type Server } from '../../src/index.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { JWT_BEARER } from '../../src/oauth/oauth-words.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { httpsFetch } from '../support/https-fetch.ts';

const DOMAIN = 'ims.example';
const SECRET = 'a-secret-of-forty-bytes-that-signs-HS256';
const SIGNING = {
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: 'k',
};

let folder: string;
let provider: HttpServer;
let issuer: string;
let server: Server;

/** An independent authorization server, which has the grant of RFC 7523 and makes JWTs for the edge. */
function createProvider(): Provider {
  const users = new WeakMap<object, string>();
  const oidc = new Provider(issuer, {
    clients: [
      { client_id: 'wwsf', client_secret: SECRET, redirect_uris: [], response_types: [], grant_types: [JWT_BEARER] },
    ],
    jwks: { keys: [{ ...SIGNING, use: 'sig', alg: 'RS256' }] },
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
    extraTokenClaims: (_, token) => ({ impi: users.get(token), impu: [`sip:${users.get(token) ?? ''}`] }),
  });
  oidc.registerGrantType(
    JWT_BEARER,
    async (context) => {
      const { client, params } = context.oidc;
      if (!client) throw new errors.InvalidClient('no client');
      const { sub } = jwt.verify(String(params?.assertion), SECRET, {
        algorithms: ['HS256'],
        audience: issuer,
      }) as JwtPayload;
      if (sub !== `alice@${DOMAIN}`) throw new errors.InvalidGrant('no such user');
      const token = new oidc.ClientCredentials({ client, scope: 'sip' });
      token.resourceServer = new oidc.ResourceServer(DOMAIN, {
        scope: 'sip',
        accessTokenFormat: 'jwt',
        audience: DOMAIN,
      });
      users.set(token, sub);
      context.body = { access_token: await token.save(), expires_in: token.expiration, token_type: 'Bearer' };
    },
    ['assertion', 'scope'],
  );
  return oidc;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-waf-oidc-'));
  provider = createHttpServer();
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  provider.on('request', createProvider().callback());
  server = await createServer(
    {
      domain: DOMAIN,
      stateDir: folder,
      edge: {
        listen: { port: 0, addresses: ['127.0.0.1'] },
        demoPage: false,
        credential: { uris: ['turn:turn.example'] },
        webIdentity: { issuers: [{ issuer, jwksUri: `${issuer}/jwks`, clients: [{ id: 'wwsf' }] }] },
      },
      turn: { enabled: false },
      oauth: {
        wwsf: { enabled: true, waf: { issuer, clientSecret: SECRET } },
        users: ['alice', 'bob'].map((name) => ({ name, password: 'a-word' })),
      },
    },
    { logger: silentLogger },
  );
  await server.start();
});

afterAll(async () => {
  await server.stop();
  provider.closeAllConnections();
  provider.close();
  rmSync(folder, { recursive: true });
});

async function tokenFor(user: string): Promise<Response> {
  const get = httpsFetch(readFileSync(join(folder, 'ca.pem'), 'utf8'));
  const url = `https://localhost:${server.addresses.https[0]!.port}`;
  const page = await get(`${url}/wwsf/login`);
  const hidden = [...(await page.text()).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  const fields = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value] as const));
  const Cookie = page.headers.get('Set-Cookie')?.split(';')[0] ?? '';
  const body = new URLSearchParams({ ...fields, user, password: 'a-word' });
  const answer = await get(`${url}/wwsf/login`, { method: 'POST', body, headers: { Cookie } });
  const session = answer.headers.getSetCookie().find((line) => line.includes('session')) ?? '';
  return get(`${url}/registration-token`, { headers: { Cookie: session.split(';')[0] ?? '' } });
}

it('oidc-provider, found by its metadata, makes the tokens by which users of the web server register', async () => {
  const answer = await tokenFor('alice');
  const told = (await answer.json()) as { token: string };
  expect(told).toMatchObject({ impi: `alice@${DOMAIN}`, impu: [`sip:alice@${DOMAIN}`] });
  const wic = new Wic('alice', await WicSocket.connect(server.addresses.webSocket!), new Secret('none'), DOMAIN);
  wic.send(wic.buildRegister({ headers: { Authorization: `Bearer ${told.token}` } }));
  await wic.socket.response(200, 'REGISTER');
  await wic.socket.close();
});

it('oidc-provider refuses a user whom it does not know, and the page hears that no such token is made', async () => {
  expect((await tokenFor('bob')).status).toBe(400);
});
