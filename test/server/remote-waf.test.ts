import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type ConfigInput, type Server } from '../../src/index.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { JWT_BEARER } from '../../src/oauth/oauth-words.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { httpsFetch } from '../support/https-fetch.ts';
import { Rfc7635Client } from '../turn/support/rfc7635-client.ts';
import { codeOf } from '../turn/support/rfc8489-client.ts';

const DOMAIN = 'ims.example';
const LOOPBACK = { listen: { port: 0, addresses: ['127.0.0.1'] } };
const KEYS = [{ kid: 'north', key: Buffer.alloc(32, 'K').toString('base64') }];
const SECRET = 'a-secret-of-forty-bytes-that-signs-HS256';

let folder: string;
let waf: Server;
let wafUrl: string;
let wwsf: Server;
let url: string;
let get: ReturnType<typeof httpsFetch>;
let skippedMs = 0;
const warnings: unknown[] = [];

/** The figure draws three machines: the authorization server is one, web server, edge and TURN server are another. */
function wwsfConfig(proof: object): ConfigInput {
  const clients = [{ id: 'wwsf', pools: [`guest{1-2}@${DOMAIN}`] }];
  return {
    domain: DOMAIN,
    stateDir: join(folder, 'wwsf'),
    edge: {
      ...LOOPBACK,
      demoPage: false,
      webIdentity: {
        issuers: [{ issuer: wafUrl, jwksUri: `${wafUrl}/oauth/jwks.json`, clients }],
        caFile: join(folder, 'waf', 'ca.pem'),
      },
    },
    turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    oauth: {
      serverName: 'turn.example',
      keys: KEYS,
      wwsf: {
        enabled: true,
        guests: true,
        waf: { issuer: wafUrl, pool: ['guest{1-2}'], caFile: join(folder, 'waf', 'ca.pem'), ...proof },
      },
      users: [{ name: 'alice', password: 'her-word' }],
    },
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-remote-waf-'));
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'wwsf.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'wwsf.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const client = { namesUsers: true, grants: [JWT_BEARER], pool: ['guest{1-2}'] } as const;
  waf = await createServer(
    {
      domain: DOMAIN,
      stateDir: join(folder, 'waf'),
      edge: { ...LOOPBACK, enabled: false },
      turn: { enabled: false },
      oauth: {
        serverName: 'turn.example',
        keys: KEYS,
        authorizationServer: { enabled: true },
        clients: [
          {
            ...client,
            id: 'wwsf',
            publicKeyFile: join(folder, 'wwsf.pub'),
            pool: ['guest{1-2}'],
            grants: [JWT_BEARER],
          },
          { id: 'other', secret: SECRET, namesUsers: true, grants: [JWT_BEARER] },
        ],
        users: [{ name: 'alice', impus: [`sip:alice@${DOMAIN}`, 'tel:+15551'] }],
      },
    },
    { logger: silentLogger },
  );
  wafUrl = `https://localhost:${(await waf.start()).https[0]!.port}`;
  const clock = {
    now: () => ({ ...systemClock.now(), monotonicMs: systemClock.now().monotonicMs + skippedMs }),
  };
  const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) };
  wwsf = await createServer(wwsfConfig({ privateKeyFile: join(folder, 'wwsf.pem') }), { logger, clock });
  url = `https://localhost:${(await wwsf.start()).https[0]!.port}`;
  get = httpsFetch(readFileSync(join(folder, 'wwsf', 'ca.pem'), 'utf8'));
});

afterAll(async () => {
  await wwsf.stop();
  await waf.stop();
  rmSync(folder, { recursive: true });
});

function cookieOf(answer: Response, name: string): string {
  const line = answer.headers.getSetCookie().find((cookie) => cookie.includes(name)) ?? '';
  return line.split(';')[0] ?? '';
}

async function logIn(at = url, fetch = get): Promise<{ Cookie: string }> {
  const page = await fetch(`${at}/wwsf/login`);
  const hidden = [...(await page.text()).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  const fields = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value] as const));
  const answer = await fetch(`${at}/wwsf/login`, {
    method: 'POST',
    body: new URLSearchParams({ ...fields, user: 'alice', password: 'her-word' }),
    headers: { Cookie: cookieOf(page, 'wwsf') },
  });
  return { Cookie: cookieOf(answer, 'session') };
}

async function jsonOf(path: string, headers: Record<string, string>): Promise<Record<string, unknown>> {
  return (await (await get(`${url}${path}`, { headers })).json()) as Record<string, unknown>;
}

describe('a web server whose authorization server is on another machine', () => {
  it('gets a token by which its user registers at the edge', async () => {
    const told = await jsonOf('/registration-token', await logIn());
    expect(told).toMatchObject({ impi: `alice@${DOMAIN}`, impu: [`sip:alice@${DOMAIN}`, 'tel:+15551'] });
    const wic = new Wic('alice', await WicSocket.connect(wwsf.addresses.webSocket!), new Secret('none'), DOMAIN);
    wic.send(wic.buildRegister({ headers: { Authorization: `Bearer ${String(told.token)}` } }));
    await wic.socket.response(200, 'REGISTER');
    await wic.socket.close();
  });

  it('gets access_token, key and kid for the TURN server, which gives a relay for them', async () => {
    const told = await jsonOf('/turn-credentials?form=token', await logIn());
    expect(told).toMatchObject({ token_type: 'pop', kid: 'north', aud: 'turn.example' });
    const client = await Rfc7635Client.open({ transport: 'udp', port: wwsf.addresses.turn[0]!.port });
    await client.discover();
    const [token, macKey] = [told.access_token, told.key].map((text) => Buffer.from(String(text), 'base64'));
    client.token = { kid: String(told.kid), token: token!, macKey: macKey! };
    expect(codeOf(await client.allocate())).toBe(0);
    client.close();
  });

  it('lends identities of the pool, and gets tokens for them that the edge takes', async () => {
    const begun = await get(`${url}/wwsf/guest`, { method: 'POST' });
    const told = await jsonOf('/registration-token', { Cookie: cookieOf(begun, 'session') });
    expect(told).toMatchObject({ impi: `guest1@${DOMAIN}` });
    expect(Number(told.expires_in)).toBeLessThanOrEqual(900);
    const wic = new Wic('guest1', await WicSocket.connect(wwsf.addresses.webSocket!), new Secret('none'), DOMAIN);
    wic.send(wic.buildRegister({ headers: { Authorization: `Bearer ${String(told.token)}` } }));
    await wic.socket.response(200, 'REGISTER');
    await wic.socket.close();
  });

  it('says 503 with Retry-After while the authorization server is away, and serves again once it is back', async () => {
    const session = await logIn();
    const { port } = waf.addresses.https[0]!;
    await waf.stop();
    warnings.length = 0;
    for (let i = 0; i < 3; i += 1) {
      const answer = await get(`${url}/registration-token`, { headers: session });
      expect(answer.status).toBe(503);
      // A second at first, and two where a busy machine takes so long that the next question is asked in earnest again.
      expect(answer.headers.get('Retry-After')).toMatch(/^[12]$/);
      expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
    }
    expect(warnings.slice(0, 1)).toEqual([{ fault: 'no-answer' }]);
    expect((await get(`${url}/wwsf/session`, { headers: session })).status).toBe(200);
    expect((await get(`${url}/turn-credentials`, { headers: session })).status).toBe(200);
    waf = await createServer(
      { ...waf.facts.config, edge: { ...waf.facts.config.edge, listen: { port, addresses: ['127.0.0.1'] } } },
      { logger: silentLogger },
    );
    await waf.start();
    skippedMs += 4000;
    expect((await get(`${url}/registration-token`, { headers: session })).status).toBe(200);
  });

  it('says 503 where the authorization server does not believe it, and 400 where it makes no such token', async () => {
    const faults: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => faults.push(fields) };
    const one = await createServer(wwsfConfig({ clientSecret: `${SECRET}-not` }), { logger });
    const at = `https://localhost:${(await one.start()).https[0]!.port}`;
    const answer = await get(`${at}/registration-token`, { headers: await logIn(at) });
    expect([answer.status, faults]).toEqual([503, [{ fault: 'client-not-believed' }]]);
    await one.stop();
    const base = wwsfConfig({ clientSecret: SECRET, tokenEndpoint: `${wafUrl}/oauth/token` });
    const oauth = { ...base.oauth, wwsf: { ...base.oauth!.wwsf, client: 'other' } };
    const two = await createServer({ ...base, oauth }, { logger });
    const there = `https://localhost:${(await two.start()).https[0]!.port}`;
    expect((await get(`${there}/registration-token`, { headers: await logIn(there) })).status).toBe(200);
    const guest = await get(`${there}/wwsf/guest`, { method: 'POST' });
    const refused = await get(`${there}/registration-token`, { headers: { Cookie: cookieOf(guest, 'session') } });
    expect([refused.status, faults.at(-1)]).toEqual([400, { fault: 'token-refused' }]);
    await two.stop();
  });
});

describe('a server does not start', () => {
  it.each([
    ['without a proof', {}, /oauth\.wwsf\.waf: expected exactly one of/],
    ['with a secret that is too short to sign', { clientSecret: 'a-secret-of-20-bytes' }, /clientSecret: expected 32/],
    ['with keys but no endpoint', { clientSecret: SECRET, jwksUri: 'https://waf.example/k' }, /waf\.tokenEndpoint/],
    ['with guests and no pool', { clientSecret: SECRET, pool: [] }, /oauth\.wwsf\.guests/],
    ['by http elsewhere', { clientSecret: SECRET, issuer: 'http://waf.example' }, /waf\.issuer/],
    ['with a proof for nobody', { clientSecret: SECRET, issuer: undefined, caFile: undefined }, /waf\.issuer/],
  ])('%s', async (_, proof, error) => {
    await expect(createServer(wwsfConfig(proof), { logger: silentLogger })).rejects.toThrow(error);
  });

  it('with an authorization server of its own beside another', async () => {
    const config = wwsfConfig({ clientSecret: SECRET });
    const oauth = { ...config.oauth, authorizationServer: { enabled: true } };
    await expect(createServer({ ...config, oauth })).rejects.toThrow(
      /oauth\.authorizationServer\.enabled: expected false/,
    );
  });
});
