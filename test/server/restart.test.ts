import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type Server } from '../../src/index.ts';
import { tryAllocate } from '../../src/lab/try-allocate.ts';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { PASSWORDS } from '../edge/support/edge-options.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { DATA_PLANE } from '../support/data-plane.ts';

const PATIENT = { timeout: 10_000 };
const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

/** Told: `ready` and `stopped`, in order. */
async function started(): Promise<{ server: Server; told: string[] }> {
  const users = [...PASSWORDS].map(([name, password]) => ({ name, password: password.revealText() }));
  const config = {
    domain: 'example.com',
    edge: { listen: { addresses: ['127.0.0.1'], port: 0 }, demoPage: false, core: { users } },
    turn: {
      listeners: (['udp', 'tcp', 'tls', 'udp'] as const).map((transport) => {
        return { transport, address: '127.0.0.1', port: 0 };
      }),
      relay: { addresses: ['127.0.0.1'] },
      dataPlane: DATA_PLANE,
    },
  };
  const server = await createServer(config, { logger: silentLogger, state: new MemoryState() });
  running.push(server);
  const told: string[] = [];
  server.on('ready', () => told.push('ready'));
  server.on('stopped', () => told.push('stopped'));
  await server.start();
  return { server, told };
}

async function connect(server: Server): Promise<Wic> {
  const { port } = server.addresses.https[0]!;
  return new Wic('alice', await WicSocket.connect(`wss://127.0.0.1:${port}/`));
}

describe('a restart', () => {
  it('comes back where the core outside knows the edge, on ports that the system chose', async () => {
    const core = {
      kind: 'external' as const,
      uris: ['sip:127.0.0.1:9'],
      listen: { addresses: ['127.0.0.1'], port: 0, tlsPort: 0 },
    };
    const edge = { listen: { addresses: ['127.0.0.1'], port: 0 }, demoPage: false, core };
    const turn = { listeners: [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }] };
    const server = await createServer({ edge, turn }, { logger: silentLogger, state: new MemoryState() });
    running.push(server);
    const { core: before } = await server.start();
    expect(before?.map(({ transport }) => transport).sort()).toEqual(['tcp', 'tls', 'udp']);
    expect((await server.restart()).core).toEqual(before);
  });

  it('sends clients straight back to the very ports there were, where nothing is left of them', async () => {
    const { server, told } = await started();
    const before = server.addresses;
    const alice = await connect(server);
    await alice.register();
    expect(server.snapshot().registrations).toHaveLength(1);

    const after = await server.restart();
    expect(await alice.socket.closed).toBe(1012);
    expect(after).toEqual(before);
    expect(server.addresses).toEqual(before);
    expect(told).toEqual(['ready', 'stopped', 'ready']);
    expect(server.snapshot()).toMatchObject({ flows: [], registrations: [], allocations: [] });

    const back = await connect(server);
    await back.register();
    expect(await server.restart()).toEqual(before);
    expect(await back.socket.closed).toBe(1012);
  });

  it('keeps the keys: a credential of before is honoured after', async () => {
    const { server } = await started();
    const alice = await connect(server);
    const { headers } = await alice.register({ headers: { 'TURN-Cred-Req': 'turn' } });
    const credential = parseTurnCredential(headers);
    await server.restart();
    expect(credential).toMatchObject({ kind: 'credential' });
    const outcome = await tryAllocate(server.addresses.turn[0]!, credential as { username: string; password: string });
    expect(outcome).toMatchObject({ granted: true });
  });

  it('stays down for as long as it was told', async () => {
    const { server } = await started();
    const { addresses } = server;
    const before = performance.now();
    expect(await server.restart({ downMs: 100 })).toEqual(addresses);
    expect(performance.now() - before).toBeGreaterThan(99);
  });

  it('leaves nobody answering meanwhile, and is ended by a stop, which does not wait for the rest of it', async () => {
    const { server, told } = await started();
    const { port } = server.addresses.https[0]!;
    const failed = expect(server.restart({ downMs: 3_600_000 })).rejects.toMatchObject({
      code: 'ERR_INVALID_STATE',
      message: 'restart: the server was stopped meanwhile',
    });
    await expect.poll(() => told, PATIENT).toEqual(['ready', 'stopped']);
    expect(server.addresses).toEqual({ https: [], turn: [], turnUris: [] });
    await expect(WicSocket.connect(`wss://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_INVALID_STATE',
      message: 'server: is restarting',
    });
    await expect(server.restart()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    await server.stop();
    await failed;
    expect(told).toEqual(['ready', 'stopped']);
    await server.start();
    expect(told).toEqual(['ready', 'stopped', 'ready']);
  });

  it('is ended by a stop also while it still closes what was open', async () => {
    const { server, told } = await started();
    const failed = expect(server.restart()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    await server.stop();
    await failed;
    expect(told).toEqual(['ready', 'stopped']);
    expect(server.addresses.https).toEqual([]);
  });

  it('that finds a port taken leaves the server stopped, and says which', async () => {
    const { server, told } = await started();
    const { port } = server.addresses.turn[1]!;
    const thief = createTcpServer();
    server.on('stopped', () => thief.listen(port, '127.0.0.1'));
    await expect(server.restart({ downMs: 300 })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
      message: expect.stringContaining(String(port)) as string,
    });
    expect(told).toEqual(['ready', 'stopped']);
    expect(server.addresses).toEqual({ https: [], turn: [], turnUris: [] });
    await new Promise((resolve) => thief.close(resolve));
    await server.start();
    expect(told).toEqual(['ready', 'stopped', 'ready']);
  });

  it('is for a server that runs, and for a time that there is', async () => {
    const { server } = await started();
    for (const downMs of [-1, Number.NaN, Infinity]) {
      await expect(server.restart({ downMs })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
    await server.stop();
    await expect(server.restart()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE', message: 'server: is stopped' });
  });
});
