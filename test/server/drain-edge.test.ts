import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type DrainProgress, type Server } from '../../src/index.ts';
import { PASSWORDS } from '../edge/support/edge-options.ts';
import { calleeDialog, Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';

const CLIENTS = 50;
const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function started(drain: NonNullable<NonNullable<ConfigInput['edge']>['drain']> = {}): Promise<Server> {
  const users = [...PASSWORDS].map(([name, password]) => ({ name, password: password.revealText() }));
  const config: ConfigInput = {
    domain: 'example.com',
    edge: {
      listen: { addresses: ['127.0.0.1'], port: 0 },
      demoPage: false,
      core: { users },
      registration: { contactsPerUser: CLIENTS },
      drain,
    },
    turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
  };
  const server = await createServer(config, { logger: silentLogger, state: new MemoryState() });
  running.push(server);
  await server.start();
  return server;
}

const authority = (server: Server) => `127.0.0.1:${server.addresses.https[0]!.port}`;

async function registered(server: Server, user = 'alice'): Promise<Wic> {
  const wic = new Wic(user, await WicSocket.connect(`wss://${authority(server)}/`));
  await wic.register();
  return wic;
}

async function healthOf(server: Server): Promise<number | undefined> {
  const sent = request(`https://${authority(server)}/healthz`, { rejectUnauthorized: false, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function refusalOf(server: Server): Promise<{ status: number | undefined; retryAfter: string | undefined }> {
  const webSocket = new WebSocket(`wss://${authority(server)}/`, ['sip'], { rejectUnauthorized: false });
  const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage];
  response.resume();
  return { status: response.statusCode, retryAfter: response.headers['retry-after'] };
}

describe('a drain', () => {
  it('of a server without clients is as quick as a stop, whatever its times', async () => {
    const server = await started({ noticeSec: 3600, windowSec: 3600, transactionSec: 600, callSec: 86_400 });
    const told: (DrainProgress | string)[] = [];
    server.on('draining', (progress) => told.push(progress));
    server.on('stopped', () => told.push('stopped'));
    await server.drain();
    expect(told).toEqual([{ connections: 0, allocations: 0 }, 'stopped']);
    expect(server.addresses.https).toEqual([]);
    await server.drain();
    await server.start();
    expect(await healthOf(server)).toBe(200);
  });

  it('says no at once to health checks and new WebSockets, and leaves those that are open alone for the notice', async () => {
    const server = await started({ noticeSec: 3600 });
    const alice = await registered(server);
    const drained = server.drain();
    expect(await healthOf(server)).toBe(503);
    expect(await refusalOf(server)).toEqual({ status: 503, retryAfter: '5' });
    alice.send(alice.build('OPTIONS', 'sip:example.com', alice.aor));
    await alice.socket.response(200, 'OPTIONS');
    await expect(server.restart()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE', message: 'server: is draining' });
    // Who cannot wait stops: that ends the drain too.
    await server.stop();
    await drained;
    expect(await alice.socket.closed).toBe(1012);
  });

  it(`sends ${CLIENTS} clients away over the window, who find another server and lose no answer`, async () => {
    const [first, second] = [await started({ windowSec: 2 }), await started()];
    const wics: Wic[] = [];
    for (let n = 0; n < CLIENTS; n += 1) wics.push(await registered(first));
    const before = performance.now();
    const cameAfterMs: number[] = [];
    const moved = wics.map(async (wic) => {
      expect(await wic.socket.closed).toBe(1012);
      cameAfterMs.push(performance.now() - before);
      expect(wic.socket.unread).toEqual([]);
      wic.socket = await WicSocket.connect(`wss://${authority(second)}/`);
      await wic.register();
    });
    await first.drain();
    await Promise.all(moved);
    expect(second.snapshot().registrations).toHaveLength(CLIENTS);
    // A slow machine makes them later, never earlier: by half of the window no more than half of them have been sent away.
    expect(Math.max(...cameAfterMs)).toBeGreaterThan(1900);
    expect(cameAfterMs.filter((ms) => ms < 1000).length).toBeLessThanOrEqual(CLIENTS / 2 + 1);
  });

  it('lets a transaction end before its clients go', async () => {
    const server = await started({ windowSec: 0, transactionSec: 600 });
    const alice = await registered(server);
    const bob = await registered(server, 'bob');
    const idle = await registered(server, 'carol');
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    const message = await bob.socket.request('MESSAGE');
    const drained = server.drain();
    await idle.socket.closed;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.snapshot().flows).toHaveLength(2);
    bob.reply(message, 200);
    await alice.socket.response(200, 'MESSAGE');
    expect(await alice.socket.closed).toBe(1012);
    expect(await bob.socket.closed).toBe(1012);
    await drained;
  });

  it('waits for calls as long as it is told, and no longer than they last', async () => {
    const server = await started({ windowSec: 0, callSec: 86_400 });
    const alice = await registered(server);
    const bob = await registered(server, 'bob');
    alice.invite(bob.aor);
    const invite = await bob.socket.request('INVITE');
    const answer = bob.reply(invite, 200);
    await alice.socket.response(200, 'INVITE');
    const drained = server.drain();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.snapshot().flows).toHaveLength(2);
    bob.inDialog('BYE', calleeDialog(invite, answer));
    alice.reply(await alice.socket.request('BYE'), 200);
    await bob.socket.response(200, 'BYE');
    await drained;
    expect(await alice.socket.closed).toBe(1012);
  });

  it('gives up on a client that never answers', async () => {
    const server = await started();
    const alice = await registered(server);
    const bob = await registered(server, 'bob');
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    await bob.socket.request('MESSAGE');
    await server.drain({ windowSec: 0, transactionSec: 1 });
    expect(await bob.socket.closed).toBe(1012);
  });

  it('refuses times that are none', async () => {
    const server = await started();
    for (const windowSec of [-1, Number.NaN, Infinity]) {
      await expect(server.drain({ windowSec })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
    expect(await healthOf(server)).toBe(200);
  });
});
