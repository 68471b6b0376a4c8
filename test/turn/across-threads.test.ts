import { createSocket } from 'node:dgram';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KeyPair } from '../../src/base/key-pair.ts';
import { type TurnServer } from '../../src/turn/turn-server.ts';
import { type TurnServerOptions } from '../../src/turn/turn-server-options.ts';
import { makeCertificate } from './support/certificate.ts';
import { type TurnClient } from './support/turn-client.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

/** Of so many clients on one port, some have another thread than others. */
const CLIENTS = 12;
const PATIENT = { timeout: 10_000 };
const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

let certificate: KeyPair;
beforeAll(async () => {
  certificate = await makeCertificate();
});

describe('clients of one server, whichever thread serves each', () => {
  const start = (overrides: Partial<TurnServerOptions> = {}): Promise<TurnServer> =>
    startServer({
      shards: 4,
      listeners: TRANSPORTS.map((transport) => ({ transport, address: '127.0.0.1', port: 0 })),
      tls: certificate,
      ...overrides,
    });

  const connectMany = (server: TurnServer, count = CLIENTS): Promise<TurnClient[]> =>
    Promise.all(Array.from({ length: count }, () => connectClient(server)));

  it('reach each other over all transports, by channels and by indications, each from its relayed address', async () => {
    const server = await start();
    const transports = [...TRANSPORTS, 'udp', 'udp', 'udp'] as const;
    const options = transports.map((transport) => ({ transport, ca: certificate.cert }));
    const all = await Promise.all(options.map((each) => connectClient(server, each)));
    for (const client of all) await client.allocate();
    for (const client of all) await client.permit(...all.map(({ relayed }) => relayed!));
    for (const [i, from] of all.entries()) {
      for (const [j, to] of all.entries()) {
        if (i === j) continue;
        from.send(to.relayed!, Buffer.from(`${i} to ${j}`));
        expect(await to.receive()).toMatchObject([{ peer: from.relayed, data: Buffer.from(`${i} to ${j}`) }]);
      }
    }
    for (const client of all) {
      for (const [i, { relayed }] of all.entries()) await client.bindChannel(0x4000 + i, relayed!);
    }
    for (const [i, from] of all.entries()) {
      for (const [j, to] of all.entries()) {
        if (i === j) continue;
        from.sendChannel(0x4000 + j, Buffer.from(`${i} on ${j}`));
        expect(await to.receive()).toMatchObject([{ channel: 0x4000 + i, data: Buffer.from(`${i} on ${j}`) }]);
      }
    }
  });

  it('one that moves from port to port and over all transports keeps its relayed address, permissions and channels', async () => {
    const server = await start({ mobility: true });
    const peer = await echoPeer();
    let client = await connectClient(server);
    const relayed = await client.allocate({ mobile: true });
    await client.bindChannel(0x4000, peer.address);
    const ways = ['udp', 'udp', 'tcp', 'udp', 'tls', 'tcp', 'udp', 'udp', 'udp', 'udp', 'udp', 'udp'] as const;
    for (const [i, transport] of ways.entries()) {
      const next = await connectClient(server, { transport, ca: certificate.cert });
      await next.moveHere(client.ticket!);
      next.sendChannel(0x4000, Buffer.from(`move ${i}`));
      expect(await next.receive()).toMatchObject([{ channel: 0x4000, data: Buffer.from(`move ${i}`) }]);
      next.send(peer.address, Buffer.from(`sent ${i}`));
      expect(await next.receive()).toMatchObject([{ channel: 0x4000, data: Buffer.from(`sent ${i}`) }]);
      client = next;
    }
    expect(new Set(peer.heard.map(({ from }) => from.port))).toEqual(new Set([relayed.port]));
    expect(server.sessions()).toHaveLength(1);
  });

  it('have the quota of their user and that of the server together', async () => {
    const server = await start({ quota: { perUser: 5, total: 6 } });
    const all = await connectMany(server);
    const outcomes: string[] = [];
    for (const client of all) outcomes.push(await client.allocate().then(() => 'granted', String));
    expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(5);
    expect(new Set(outcomes.slice(5))).toEqual(new Set(['Error: 486 Allocation Quota Reached']));
    const bob = await connectClient(server, { username: 'bob' });
    await bob.allocate();
    await expect((await connectClient(server, { username: 'bob' })).allocate()).rejects.toThrow('486');
    await all[0]!.refresh(0);
    expect(await all.at(-1)!.allocate()).toBeDefined();
  });

  it('have the bandwidth of their user together', async () => {
    const bandwidth = { allocationBytesPerSec: 0, userBytesPerSec: 3000, totalBytesPerSec: 0 };
    const server = await start({ bandwidth });
    const all = await connectMany(server);
    const peer = await echoPeer();
    for (const client of all) {
      await client.allocate();
      await client.bindChannel(0x4000, peer.address);
    }
    for (let i = 0; i < 5; i++) for (const client of all) client.sendChannel(0x4000, Buffer.alloc(1000));
    const dropped = (): number => server.stats()?.drops['bandwidth-user'] ?? 0;
    await expect.poll(() => peer.heard.length + dropped(), PATIENT).toBeGreaterThanOrEqual(5 * CLIENTS);
    expect(dropped()).toBeGreaterThan(0);
    expect(peer.heard.length).toBeGreaterThanOrEqual(3);
    const passed = server.sessions().reduce((sum, { counters }) => sum + counters.bytesToPeer, 0);
    expect(passed).toBe(peer.heard.length * 1000);
  });

  it('lose what they hold at once when their user is revoked, while another goes on', async () => {
    const server = await start();
    const all = await connectMany(server);
    const bob = await connectClient(server, { username: 'bob' });
    const peer = await echoPeer();
    for (const client of [...all, bob]) {
      await client.allocate();
      await client.bindChannel(0x4000, peer.address);
    }
    expect(server.endAllocationsOf('alice', 'revoked')).toBe(CLIENTS);
    for (const client of all) client.sendChannel(0x4000, Buffer.from('alice'));
    const stranger = createSocket('udp4');
    for (const { relayed } of all) stranger.send('late', relayed!.port, relayed!.address);
    bob.sendChannel(0x4000, Buffer.from('bob'));
    expect(await bob.receive()).toMatchObject([{ data: Buffer.from('bob') }]);
    stranger.close();
    expect(peer.heard.map(({ data }) => data.toString())).toEqual(['bob']);
    expect(server.users()).toMatchObject([{ user: 'bob', allocations: 1 }]);
  });

  it('hear of ICMP errors, each of its own peer', async () => {
    const server = await start();
    const all = await connectMany(server);
    const dead = { family: 4, address: '127.0.0.1', port: 9 } as const;
    for (const client of all) {
      await client.allocate();
      await client.permit(dead);
      client.send(dead, Buffer.from('anybody?'));
    }
    const error = { type: 3, code: 3, data: 0 };
    for (const client of all) await expect.poll(() => client.errors, PATIENT).toEqual([{ peer: dead, error }]);
  });
});
