import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type Server } from '../../src/index.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { httpsFetch } from '../support/https-fetch.ts';

const SECRET = 'a-secret-of-the-wwsf';
const CALLBACK = 'https://app.example/back';

let folder: string;
let server: Server;
let issuer: string;
let fetchWaf: ReturnType<typeof httpsFetch>;
let as: oauth.AuthorizationServer;
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** An independent client, which checks every answer against the RFCs by itself. */
const options = () => ({ [oauth.customFetch]: (url: string, init: unknown) => fetchWaf(url, init as RequestInit) });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-waf-'));
  const publicKeyFile = join(folder, 'signer.pem');
  writeFileSync(publicKeyFile, keys.publicKey.export({ type: 'spki', format: 'pem' }));
  server = await createServer(
    {
      stateDir: join(folder, 'state'),
      domain: 'ims.example',
      edge: { enabled: false, listen: { port: 0, addresses: ['127.0.0.1'] } },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
      oauth: {
        authorizationServer: { enabled: true },
        users: [{ name: 'alice', password: 'her-password', impus: ['sip:alice@ims.example'] }],
        clients: [
          {
            id: 'wwsf',
            secret: SECRET,
            grants: ['client_credentials', 'authorization_code'],
            namesUsers: true,
            pool: ['guest{1-3}'],
            redirectUris: [CALLBACK],
          },
          { id: 'signer', publicKeyFile, pool: ['visitor{01-10}'] },
        ],
      },
    },
    { logger: silentLogger },
  );
  const { https } = await server.start();
  issuer = `https://localhost:${https[0]?.port ?? 0}`;
  fetchWaf = httpsFetch(readFileSync(join(folder, 'state', 'ca.pem'), 'utf8'));
  const discovered = await oauth.discoveryRequest(new URL(issuer), { ...options(), algorithm: 'oauth2' });
  as = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function verified(token: string) {
  const keySet = createRemoteJWKSet(new URL(as.jwks_uri ?? ''), {
    [joseFetch]: fetchWaf,
  });
  return jwtVerify(token, keySet, { issuer, audience: 'ims.example', algorithms: ['ES256'], typ: 'at+jwt' });
}

describe('oauth4webapi, at an authorization server without an edge', () => {
  it.each([
    ['client_secret_basic', oauth.ClientSecretBasic(SECRET)],
    ['client_secret_post', oauth.ClientSecretPost(SECRET)],
  ])('gets a registration token by %s, and jose verifies it', async (_, proof) => {
    const client = { client_id: 'wwsf' };
    const form = new URLSearchParams({ scope: 'sip', impi: 'alice@ims.example' });
    const answer = await oauth.clientCredentialsGrantRequest(as, client, proof, form, options());
    const { access_token: token, token_type: type } = await oauth.processClientCredentialsResponse(as, client, answer);
    expect(type).toBe('bearer');
    const { payload } = await verified(token);
    expect(payload).toMatchObject({ client_id: 'wwsf', impi: 'alice@ims.example', impu: ['sip:alice@ims.example'] });
  });

  it('gets a token for an identity of a pool by private_key_jwt (RS256)', async () => {
    const client = { client_id: 'signer' };
    const pkcs8 = keys.privateKey.export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
    const form = new URLSearchParams({ scope: 'sip', impi: 'visitor07@ims.example' });
    const proof = oauth.PrivateKeyJwt(key);
    const answer = await oauth.clientCredentialsGrantRequest(as, client, proof, form, options());
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, answer);
    expect((await verified(token)).payload).toMatchObject({ pool: true, impi: 'visitor07@ims.example' });
  });

  it('gets a token by code and PKCE after the user has logged in', async () => {
    const client = { client_id: 'wwsf' };
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(as.authorization_endpoint ?? '');
    const asked = {
      response_type: 'code',
      client_id: 'wwsf',
      redirect_uri: CALLBACK,
      scope: 'sip',
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    };
    url.search = new URLSearchParams(asked).toString();
    const page = await fetchWaf(url.href);
    const hidden = (await page.text()).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
    const fields = [...hidden].map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')] as const);
    const back = await fetchWaf(`${issuer}/oauth/login`, {
      method: 'POST',
      body: new URLSearchParams([...fields, ['user', 'alice'], ['password', 'her-password']] as [string, string][]),
      headers: { Cookie: page.headers.get('Set-Cookie')?.split(';')[0] ?? '' },
    });
    const params = oauth.validateAuthResponse(as, client, new URL(back.headers.get('Location') ?? ''), state);
    const proof = oauth.ClientSecretBasic(SECRET);
    const answer = await oauth.authorizationCodeGrantRequest(as, client, proof, params, CALLBACK, verifier, options());
    const { access_token: token } = await oauth.processAuthorizationCodeResponse(as, client, answer);
    expect((await verified(token)).payload).toMatchObject({ sub: 'alice@ims.example', client_id: 'wwsf' });
  });

  it('keeps its key over a restart, and says nothing of an edge', async () => {
    const keySet = await (await fetchWaf(as.jwks_uri ?? '')).text();
    await server.restart();
    expect(await (await fetchWaf(as.jwks_uri ?? '')).text()).toBe(keySet);
    expect(server.addresses).not.toHaveProperty('webSocket');
    expect((await fetchWaf(`${issuer}/readyz`)).status).toBe(200);
  });
});
