import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type ConfigInput, type Server } from '../../src/index.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { freePort } from '../support/free-port.ts';
import { httpsFetch } from '../support/https-fetch.ts';

let folder: string;
let server: Server;
let url: string;
let get: ReturnType<typeof httpsFetch>;

const CLIENT = { id: 'wwsf', secret: 'a-secret-of-the-wwsf', namesUsers: true, pool: ['guest{1-2}'] };
const CONFIG: ConfigInput = {
  domain: 'ims.example',
  edge: { listen: { port: 0, addresses: ['127.0.0.1'] } },
  turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
  oauth: { authorizationServer: { enabled: true }, wwsf: { enabled: true, guests: true }, clients: [CLIENT] },
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-wwsf-'));
  server = await createServer({ stateDir: join(folder, 'state'), ...CONFIG }, { logger: silentLogger });
  const { https } = await server.start();
  url = `https://localhost:${https[0]?.port ?? 0}`;
  get = httpsFetch(readFileSync(join(folder, 'state', 'ca.pem'), 'utf8'));
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe('the web server, as configured', () => {
  it('gives a guest an identity, a registration token of the authorization server here, and a TURN credential', async () => {
    const begun = await get(`${url}/wwsf/guest`, { method: 'POST' });
    const headers = { Cookie: begun.headers.get('Set-Cookie')?.split(';')[0] ?? '' };
    expect(await begun.json()).toMatchObject({ impi: 'guest1@ims.example', guest: true });
    const told = (await (await get(`${url}/registration-token`, { headers })).json()) as { token: string };
    const claims = JSON.parse(Buffer.from(told.token.split('.')[1] ?? '', 'base64url').toString()) as unknown;
    expect(claims).toMatchObject({ iss: url, aud: 'ims.example', pool: true, impi: 'guest1@ims.example' });
    const credential = (await (await get(`${url}/turn-credentials`, { headers })).json()) as Record<string, unknown>;
    expect(credential).toMatchObject({ uris: server.addresses.turnUris });
    expect(Number(credential.ttl)).toBeLessThanOrEqual(3600);
  });

  it('tells the page where access tokens come from, and of a login only where that leads back here', async () => {
    const told = async (port: number, redirectUri: string): Promise<unknown> => {
      const changed: ConfigInput = {
        ...CONFIG,
        stateDir: join(folder, 'state'),
        edge: { listen: { port, addresses: ['127.0.0.1'] } },
        oauth: {
          ...CONFIG.oauth,
          clients: [CLIENT, { id: 'page', grants: ['implicit'], scopes: ['turn'], redirectUris: [redirectUri] }],
          implicit: true,
          keys: [{ kid: 'north', key: Buffer.alloc(32, 1).toString('base64') }],
        },
      };
      const other = await createServer(changed, { logger: silentLogger });
      await other.start();
      try {
        const { accessTokens } = (await (await get(`https://localhost:${port}/setup.json`)).json()) as {
          accessTokens?: unknown;
        };
        return accessTokens;
      } finally {
        await other.stop();
      }
    };
    const web = '/turn-credentials?form=token';
    const port = await freePort();
    const back = `https://localhost:${port}/wwsf/done`;
    const asked = new URLSearchParams({ response_type: 'token', client_id: 'page', scope: 'turn', redirect_uri: back });
    expect(await told(port, back)).toEqual({ web, implicit: `/oauth/authorize?${asked.toString()}` });
    expect(await told(port, 'https://elsewhere.example/wwsf/done')).toEqual({ web });
    expect(await (await get(`${url}/setup.json`)).json()).not.toHaveProperty('accessTokens');
  });

  it.each([
    ['without an authorization server', { authorizationServer: { enabled: false } }, /authorizationServer\.enabled/],
    ['as a client that is not listed', { wwsf: { enabled: true, client: 'other' } }, /oauth\.wwsf\.client/],
    ['with guests and no pool', { clients: [{ ...CLIENT, pool: [] }] }, /oauth\.wwsf\.guests/],
  ])('does not start %s', async (_, changes, error) => {
    await expect(createServer({ ...CONFIG, oauth: { ...CONFIG.oauth, ...changes } })).rejects.toThrow(error);
  });
});
