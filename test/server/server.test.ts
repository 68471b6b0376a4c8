import { request } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type ConfigInput, type Server } from '../../src/index.ts';
import { silentLogger, type Logger } from '../../src/base/logger.ts';
import { DATA_PLANE } from '../support/data-plane.ts';
import { freePort } from '../support/free-port.ts';

let base: string;
const running: Server[] = [];

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-server-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});
afterAll(() => {
  rmSync(base, { recursive: true });
});

const UDP = [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }];
const ALL = (['udp', 'tcp', 'tls'] as const).map((transport) => ({ transport, address: '127.0.0.1', port: 0 }));
const RELAY = { addresses: ['127.0.0.1'] };

async function build(config: ConfigInput, logger: Logger = silentLogger): Promise<Server> {
  const turn = { dataPlane: DATA_PLANE, ...config.turn };
  const server = await createServer({ stateDir: join(base, 'state'), ...config, turn }, { logger });
  running.push(server);
  return server;
}

function get(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, ca: readFileSync(join(base, 'state', 'ca.pem')) }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    sent.on('error', reject).end();
  });
}

describe('a server', () => {
  it('stops also when told so while it starts, and frees its ports before either of two stops resolves', async () => {
    const server = await build({ edge: { listen: { port: 0 } }, turn: { listeners: UDP, relay: RELAY } });
    const started = server.start();
    const states: string[] = [];
    const stops = [server.stop(), server.stop()].map((stop) =>
      stop.then(() => states.push(String(server.addresses.https.length + server.addresses.turn.length))),
    );
    await started;
    await Promise.all(stops);
    expect(states).toEqual(['0', '0']);
    await server.start();
    expect(server.addresses.https.length).toBeGreaterThan(0);
  });

  it('tells its addresses to an observer of the stop', async () => {
    const server = await build({ edge: { listen: { port: 0 } }, turn: { listeners: UDP, relay: RELAY } });
    await server.start();
    const stopped = server.stop();
    expect(() => server.addresses).not.toThrow();
    await stopped;
    expect(server.addresses).toEqual({ https: [], turn: [], turnUris: [] });
  });

  it('runs edge and TURN server with nothing but ports to choose', async () => {
    const server = await build({ edge: { listen: { port: 0 } }, turn: { listeners: ALL, relay: RELAY } });
    const told: unknown[] = [];
    server.on('ready', (addresses) => told.push(addresses));
    const addresses = await server.start();
    expect(told).toEqual([addresses]);
    const [first, ...others] = addresses.https;
    for (const other of others) expect(other.port).toBe(first?.port);
    expect(addresses.page).toBe(`https://localhost:${first?.port ?? 0}/`);
    expect(addresses.webSocket).toBe(`wss://localhost:${first?.port ?? 0}/`);
    const [udp, tcp, tls] = addresses.turn.map(({ port }) => port);
    expect(addresses.turnUris).toEqual([
      `turn:127.0.0.1:${udp}?transport=udp`,
      `turn:127.0.0.1:${tcp}?transport=tcp`,
      `turns:127.0.0.1:${tls}?transport=tcp`,
    ]);
    // The lab CA is what makes this trusted.
    expect(await get(`${addresses.page ?? ''}healthz`)).toEqual({ status: 200, body: 'ok\n' });
  });

  it('tells the page of its lab users on loopback, and of no users that were configured', async () => {
    const lab = await build({ edge: { listen: { port: 0 } }, turn: { listeners: UDP, relay: RELAY } });
    const { page: labPage = '' } = await lab.start();
    expect(JSON.parse((await get(`${labPage}setup.json`)).body)).toMatchObject({
      users: [{ name: 'alice' }, { name: 'bob' }],
    });
    const users = [{ name: 'carol', password: 'her-password' }];
    const own = await build({ edge: { listen: { port: 0 }, core: { users } }, turn: { listeners: UDP, relay: RELAY } });
    const { page = '' } = await own.start();
    expect(JSON.parse((await get(`${page}setup.json`)).body)).toEqual({
      domain: 'localhost',
      path: '/',
      approach: 'shared-key',
    });
  });

  it('keeps the passwords of lab users from a page that others reach', async () => {
    const edge = { listen: { addresses: ['0.0.0.0'], port: 0 } };
    const server = await build({ edge, turn: { listeners: UDP, relay: RELAY } });
    const { https } = await server.start();
    const { body } = await get(`https://localhost:${https[0]?.port ?? 0}/setup.json`);
    expect(JSON.parse(body)).toEqual({
      domain: 'localhost',
      path: '/',
      approach: 'shared-key',
    });
  });

  it('runs the TURN server alone, without a trace on the disk when it is given its keys', async () => {
    const stateDir = join(base, 'untouched');
    const server = await build({
      stateDir,
      edge: { enabled: false },
      turn: { listeners: UDP, relay: RELAY, realm: 'relay.example' },
      credentials: { secret: 'a-shared-secret-of-both', pseudonymKey: 'a-key' },
    });
    const addresses = await server.start();
    expect(addresses.https).toEqual([]);
    expect(addresses.page).toBeUndefined();
    expect(addresses.turn).toHaveLength(1);
    expect(existsSync(stateDir)).toBe(false);
  });

  it('runs the edge alone, handing out the URIs of others', async () => {
    const uris = ['turn:turn.example.com:3478?transport=udp'];
    const server = await build({ edge: { listen: { port: 0 }, credential: { uris } }, turn: { enabled: false } });
    const addresses = await server.start();
    expect(addresses.turn).toEqual([]);
    expect(addresses.turnUris).toEqual(uris);
  });

  it('starts again after a stop, and tells of both', async () => {
    const server = await build({ edge: { enabled: false }, turn: { listeners: UDP, relay: RELAY } });
    const told: string[] = [];
    server.on('ready', () => told.push('ready'));
    server.on('stopped', () => told.push('stopped'));
    await server.start();
    await expect(server.start()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    await server.stop();
    await server.stop();
    expect(server.addresses).toEqual({ https: [], turn: [], turnUris: [] });
    await server.start();
    expect(told).toEqual(['ready', 'stopped', 'ready']);
  });

  it('opens everything or nothing: a port in use frees those before it', async () => {
    const blocker = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const [turnPort, free] = [await freePort(), await freePort()];
    const config = (edgePort: number): ConfigInput => ({
      edge: { listen: { addresses: ['127.0.0.1'], port: edgePort } },
      turn: { listeners: [{ transport: 'tcp', address: '127.0.0.1', port: turnPort }], relay: RELAY },
    });
    const server = await build(config(port));
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
      message: `edge listener 127.0.0.1:${port}: port ${port} is in use; stop the program that holds it or choose another port in edge.listen.port (EADDRINUSE)`,
    });
    blocker.close();
    const other = await build(config(free));
    await other.start();
  });

  it('says which address is not one of this machine', async () => {
    const server = await build({
      edge: { listen: { addresses: ['192.0.2.1'], port: 0 } },
      turn: { listeners: UDP, relay: RELAY },
    });
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_ADDRESS_UNAVAILABLE',
      message: expect.stringMatching(
        /^edge listener 192\.0\.2\.1:0: 192\.0\.2\.1 is no address of this host/,
      ) as string,
    });
  });

  it('names what is wrong with its configuration', async () => {
    await expect(createServer({ turn: { realm: '' } })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: 'turn.realm: expected up to 127 printable ASCII characters without quotes and backslashes, got ""',
    });
  });

  it('warns of what is unsafe, through the logger it is given', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => warnings.push(message) };
    await build({ turn: { expiryPolicy: 'allocate-only' } }, logger);
    expect(warnings).toEqual([expect.stringContaining('turn.expiryPolicy is allocate-only')]);
  });
});
