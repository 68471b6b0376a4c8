import { once } from 'node:events';
import { request } from 'node:https';
import { describe, expect, it } from 'vitest';
import { type EdgeLimits } from '../../../src/edge/edge-options.ts';
import { sampleSdp } from '../support/browser-globals.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../support/edge-server.ts';
import { Wic } from '../support/wic.ts';
import { type WicSocket } from '../support/wic-socket.ts';

const MADE_ROOM = 1013;

function start(limits: Partial<EdgeLimits>): Promise<EdgeServer> {
  return startEdge(edgeOptions({ limits: { exempt: [], ...limits } }));
}

async function several(server: EdgeServer, localAddress: string, count: number): Promise<WicSocket[]> {
  const sockets: WicSocket[] = [];
  for (let i = 0; i < count; i++) sockets.push(await server.connect({ localAddress }));
  return sockets;
}

async function registered(server: EdgeServer, user: string, localAddress: string): Promise<Wic> {
  const wic = new Wic(user, await server.connect({ localAddress }));
  await wic.register();
  return wic;
}

function isOpen({ webSocket }: WicSocket): boolean {
  return webSocket.readyState === webSocket.OPEN;
}

/** Connections of the HTTPS server, WebSockets too. */
function sockets({ server }: EdgeServer): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count);
    });
  });
}

function upgradeStatus(server: EdgeServer, localAddress: string): Promise<string> {
  return server.connect({ localAddress }).then(
    () => 'opened',
    (error: unknown) => String(error),
  );
}

describe('where WebSockets without a registration hold every place', () => {
  it('a client of another address gets in at once, for the oldest of the address that holds most', async () => {
    await using server = await start({ connections: 20 });
    const few = await several(server, '127.0.0.11', 3);
    const most = await several(server, '127.0.0.12', 9);
    const others = await several(server, '127.0.0.13', 8);
    await registered(server, 'alice', '127.0.0.15');
    expect(await most[0]!.closed).toBe(MADE_ROOM);
    expect([...few, ...most.slice(1), ...others].every(isOpen)).toBe(true);
    expect(server.edge.connections).toBe(20);
    expect(server.events.named('flow-refused')).toEqual([]);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'made-room', code: MADE_ROOM }]);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'connections' }]);
  });

  it('strangers who keep coming take the places of one another, and a client that came meanwhile registers', async () => {
    await using server = await start({ connections: 10 });
    const alice = await registered(server, 'alice', '127.0.0.20');
    const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
    for (const host of hosts) await several(server, host, 3);
    const bob = new Wic('bob', await server.connect({ localAddress: '127.0.0.21' }));
    for (let i = 0; i < 30; i++) await server.connect({ localAddress: hosts[i % 3]! });
    await bob.register();
    expect([alice.socket, bob.socket].every(isOpen)).toBe(true);
    expect(server.edge.connections).toBe(10);
  });

  it('a client behind the address of a hundred strangers takes the place of the oldest of them, and of no one elsewhere', async () => {
    await using server = await start({ connections: 6, connectionsPerAddress: 3 });
    const elsewhere = await several(server, '127.0.0.11', 3);
    const strangers = await several(server, '127.0.0.12', 3);
    await registered(server, 'alice', '127.0.0.12');
    expect(await strangers[0]!.closed).toBe(MADE_ROOM);
    expect([...elsewhere, ...strangers.slice(1)].every(isOpen)).toBe(true);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'connections-per-address' }]);
  });

  it('one that does not answer the close frame gives its place and its socket up all the same', async () => {
    await using server = await start({ connections: 1 });
    const [stranger] = (await several(server, '127.0.0.11', 1)) as [WicSocket];
    stranger.webSocket.pause();
    await registered(server, 'alice', '127.0.0.12');
    expect(server.edge.connections).toBe(1);
    await expect.poll(() => sockets(server), { timeout: 1000 }).toBe(1);
    stranger.webSocket.resume();
  });

  it('a refused upgrade costs nobody a place', async () => {
    await using server = await start({ connections: 1 });
    const [stranger] = (await several(server, '127.0.0.11', 1)) as [WicSocket];
    const broken = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'sip', Host: 'localhost' };
    const attempt = request({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, headers: broken }).end();
    expect((await once(attempt, 'response')) as unknown).toMatchObject([{ statusCode: 400 }]);
    await expect(server.connect({ localAddress: '127.0.0.12', subprotocol: 'msrp' })).rejects.toThrow('400');
    expect(isOpen(stranger)).toBe(true);
  });
});

describe('no place is made at the cost of', () => {
  it.each([{ connections: 2 }, { connectionsPerAddress: 2 }])(
    'registered clients: beyond %j is 503',
    async (limits) => {
      await using server = await start(limits);
      const alice = await registered(server, 'alice', '127.0.0.11');
      const bob = await registered(server, 'bob', '127.0.0.11');
      expect(await upgradeStatus(server, '127.0.0.11')).toContain('503');
      expect([alice.socket, bob.socket].every(isOpen)).toBe(true);
      await bob.register({ expires: 0 });
      expect(await upgradeStatus(server, '127.0.0.11')).toBe('opened');
      expect(await bob.socket.closed).toBe(MADE_ROOM);
      expect(isOpen(alice.socket)).toBe(true);
    },
  );

  it('a client in a call, also when its registration has ended', async () => {
    await using server = await start({ connections: 2 });
    const alice = await registered(server, 'alice', '127.0.0.11');
    const bob = await registered(server, 'bob', '127.0.0.12');
    alice.invite(bob.aor, sampleSdp('offer'));
    bob.reply(await bob.socket.request('INVITE'), 200, { 'Content-Type': 'application/sdp' }, sampleSdp('answer'));
    await alice.socket.response(200, 'INVITE');
    for (const wic of [alice, bob]) await wic.register({ expires: 0 });
    expect(await upgradeStatus(server, '127.0.0.13')).toContain('503');
    expect([alice.socket, bob.socket].every(isOpen)).toBe(true);
  });
});
