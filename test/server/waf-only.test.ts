import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput, createServer, type Server } from '../../src/index.ts';
import { tryAllocate } from '../../src/lab/try-allocate.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { httpsFetch } from '../support/https-fetch.ts';

const DOMAIN = 'ims.example.com';
const KEY = Buffer.alloc(32, 'K').toString('base64');
const SECRET = 'secret-of-the-web-server-at-the-waf';
const FILES: Readonly<Record<string, string>> = {
  'waf-signing-key.pem': generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  north: KEY,
  wwsf: SECRET,
  'pseudonym-key': 'of edges and authorization servers',
};

/** config/waf-only.yaml, with its files in a folder of this test, and on loopback. */
function sample(folder: string): ConfigInput {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const text = readFileSync('config/waf-only.yaml', 'utf8').replaceAll('/etc/epcscf-turn', folder);
  const config = parse(text) as ConfigInput;
  return { ...config, tls: {}, edge: { ...config.edge, listen: { addresses: ['127.0.0.1'], port: 0 } } };
}

let folder: string;
let waf: Server;
const wafState = new MemoryState();
const servers: Server[] = [];

async function start(config: ConfigInput, state = new MemoryState()): Promise<Server> {
  const server = await createServer(config, { logger: silentLogger, state });
  servers.push(server);
  await server.start();
  return server;
}

async function askToken(fields: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const answer = await httpsFetch(waf.facts.ca!)(`https://localhost:${waf.addresses.https[0]!.port}/oauth/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`wwsf:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Readonly<Record<string, string>>;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waf-only-'));
  waf = await start(sample(folder), wafState);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true });
});

it('an authorization server alone has no edge and no TURN server, and makes no Km that nobody would use', () => {
  expect(waf.addresses).toMatchObject({ turn: [], turnUris: [] });
  expect(waf.addresses.webSocket).toBeUndefined();
  expect(waf.facts.generated).toMatchObject({ km: false, users: false });
  expect(Object.keys(Object.fromEntries(wafState.entries))).not.toContain('km.key');
});

it('its web token registers a user at an edge elsewhere, which has its keys alone', async () => {
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, waf.facts.ca!);
  const jwksUri = `https://localhost:${waf.addresses.https[0]!.port}/oauth/jwks.json`;
  const client = { id: 'wwsf', origins: ['https://app.example.com'], pools: [`guest*@${DOMAIN}`] };
  const edge = await start({
    domain: DOMAIN,
    turn: { enabled: false },
    edge: {
      listen: { addresses: ['127.0.0.1'], port: 0 },
      origins: { allow: client.origins },
      demoPage: false,
      credential: { uris: ['turn:turn.example.com'] },
      webIdentity: { issuers: [{ issuer: 'https://waf.example.com', jwksUri, clients: [client] }], caFile },
    },
  });
  const { access_token: token } = await askToken({ scope: 'sip', impi: `alice@${DOMAIN}` });
  const socket = await WicSocket.connect(edge.addresses.webSocket!, { origin: client.origins[0]! });
  const alice = new Wic('alice', socket, new Secret('none'), DOMAIN);
  alice.send(alice.buildRegister({ headers: { Authorization: `Bearer ${token}` } }));
  await alice.socket.response(200, 'REGISTER');
});

it('its access token is honoured by a TURN server elsewhere, which has the same key and name', async () => {
  const relay = await start({
    domain: DOMAIN,
    edge: { enabled: false },
    turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    oauth: { serverName: 'turn.example.com', keys: [{ kid: 'north', key: KEY }] },
  });
  const { access_token: token, kid, key } = await askToken({ scope: 'turn', subject: 'alice' });
  expect(await tryAllocate(relay.addresses.turn[0]!, { kid: kid!, key: key!, token: token! })).toMatchObject({
    granted: true,
  });
});
