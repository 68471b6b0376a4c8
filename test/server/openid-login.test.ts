import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type Server } from '../../src/index.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { httpsFetch } from '../support/https-fetch.ts';

let folder: string;
let server: Server;
let provider: HttpServer;
let url: string;
let get: ReturnType<typeof httpsFetch>;

/** An independent OpenID provider, whose interaction logs in whoever is asked for. */
async function startProvider(): Promise<{ issuer: string; listen: (redirectUri: string) => void }> {
  let handler: ReturnType<Provider['callback']> | undefined;
  provider = createHttpServer((request, response) => {
    handler?.(request, response);
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const listen = (redirectUri: string): void => {
    const oidc = new Provider(issuer, {
      clients: [{ client_id: 'epcscf', client_secret: 'a-secret-of-ours', redirect_uris: [redirectUri] }],
      cookies: { keys: ['some-key-of-a-test'] },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    });
    handler = oidc.callback();
  };
  return { issuer, listen };
}

/** Follows redirections at the provider and fills in its development forms, as a browser would; the URL that leads away from it. */
async function logInAt(issuer: string, start: string, name: string): Promise<string> {
  const jar = new Map<string, string>();
  let target = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12 && target.startsWith(issuer); step += 1) {
    const cookie = [...jar].map(([key, value]) => `${key}=${value}`).join('; ');
    const init = { headers: { cookie }, redirect: 'manual', ...(form && { method: 'POST', body: form }) } as const;
    const answer = await fetch(target, init);
    for (const line of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(key, value);
    }
    const location = answer.headers.get('location');
    form = undefined;
    if (location !== null) target = new URL(location, target).href;
    else {
      const page = await answer.text();
      const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
      const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
      target = new URL(action, target).href;
      form = new URLSearchParams({ prompt, login: name, password: 'any' });
    }
  }
  return target;
}

let issuer: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-openid-'));
  const started = await startProvider();
  issuer = started.issuer;
  server = await createServer(
    {
      stateDir: join(folder, 'state'),
      domain: 'ims.example',
      edge: { listen: { port: 0, addresses: ['127.0.0.1'] } },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
      oauth: {
        authorizationServer: { enabled: true },
        wwsf: { enabled: true, openid: { issuer, clientId: 'epcscf', clientSecret: 'a-secret-of-ours' } },
        clients: [{ id: 'wwsf', secret: 'a-secret-of-the-wwsf', namesUsers: true }],
        users: [{ name: 'account-7', impi: 'alice@ims.example' }],
      },
    },
    { logger: silentLogger },
  );
  const { https } = await server.start();
  url = `https://localhost:${https[0]?.port ?? 0}`;
  started.listen(`${url}/wwsf/callback`);
  get = httpsFetch(readFileSync(join(folder, 'state', 'ca.pem'), 'utf8'));
});

afterAll(async () => {
  await server.stop();
  provider.closeAllConnections();
  provider.close();
  rmSync(folder, { recursive: true });
});

async function travel(name: string): Promise<{ back: string; cookie: string }> {
  const away = await get(`${url}/wwsf/login?return=/signed-in`);
  const cookie = away.headers.get('Set-Cookie')?.split(';')[0] ?? '';
  return { back: await logInAt(issuer, away.headers.get('Location') ?? '', name), cookie };
}

describe('oidc-provider, as the login of the web server', () => {
  it('logs a listed user in, who then gets a registration token', async () => {
    const { back, cookie } = await travel('account-7');
    expect(back.startsWith(`${url}/wwsf/callback?`)).toBe(true);
    const home = await get(back, { headers: { Cookie: cookie } });
    expect([home.status, home.headers.get('Location')]).toEqual([303, '/signed-in']);
    const session = home.headers.getSetCookie().find((line) => line.includes('session=')) ?? '';
    const token = await get(`${url}/registration-token`, { headers: { Cookie: session.split(';')[0] ?? '' } });
    expect(await token.json()).toMatchObject({ impi: 'alice@ims.example' });
  });

  it('logs nobody in who is not listed, with the code of another browser, or without a trip', async () => {
    const stranger = await travel('account-8');
    expect((await get(stranger.back, { headers: { Cookie: stranger.cookie } })).status).toBe(403);
    const [first, second] = [await travel('account-7'), await travel('account-7')];
    expect((await get(first.back, { headers: { Cookie: second.cookie } })).status).toBe(400);
    expect((await get(first.back)).status).toBe(400);
    expect((await get(`${url}/wwsf/callback?error=access_denied`, { headers: { Cookie: second.cookie } })).status).toBe(
      400,
    );
  });
});
