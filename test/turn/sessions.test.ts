import { expect, it } from 'vitest';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer } from '../../src/index.ts';
import { usageByUser } from '../../src/turn/engine/observe/session-snapshot.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

const CHANNEL = 0x4000;

it('shows the counters of a session while it lives, and sums them by user', async () => {
  const server = await startServer();
  const peer = await echoPeer();
  for (const username of ['alice', 'alice', 'bob']) {
    const client = await connectClient(server, { username });
    await client.allocate();
    await client.bindChannel(CHANNEL, peer.address);
    client.sendChannel(CHANNEL, Buffer.alloc(100));
    await client.receive();
  }
  const [first] = server.sessions();
  expect(server.session(first!.allocationId)).toMatchObject({
    user: 'alice',
    channels: 1,
    permissions: 1,
    counters: { packetsToPeer: 1, bytesToPeer: 100, packetsToClient: 1, bytesToClient: 100, dropped: 0 },
  });
  const twice = { packetsToPeer: 2, bytesToPeer: 200, packetsToClient: 2, bytesToClient: 200, dropped: 0 };
  expect(server.users()).toMatchObject([
    { user: 'alice', allocations: 2, relays: 2, counters: twice },
    { user: 'bob', allocations: 1, relays: 1 },
  ]);
});

it('ends one session or all of a user, tells the totals, and knows none that has ended', async () => {
  const server = await startServer();
  const totals: number[] = [];
  server.events.on('allocation-ended', ({ counters }) => totals.push(counters.bytesToPeer));
  const peer = await echoPeer();
  for (let i = 1; i <= 3; i++) {
    const client = await connectClient(server);
    await client.allocate();
    await client.bindChannel(CHANNEL, peer.address);
    client.sendChannel(CHANNEL, Buffer.alloc(i));
    await client.receive();
  }
  const [first] = server.sessions();
  expect(server.endAllocation(first!.allocationId)).toBe(true);
  expect(server.session(first!.allocationId)).toBeUndefined();
  expect(server.endAllocation(first!.allocationId)).toBe(false);
  expect(server.endAllocationsOf('alice')).toBe(2);
  expect([server.sessions(), server.users()]).toEqual([[], []]);
  expect(totals).toEqual([1, 2, 3]);
});

it('tells with each refresh what has passed so far', async () => {
  const server = await startServer();
  const refreshed: number[] = [];
  server.events.on('allocation-refreshed', ({ counters }) => refreshed.push(counters.bytesToPeer));
  const peer = await echoPeer();
  const client = await connectClient(server);
  await client.allocate();
  await client.bindChannel(CHANNEL, peer.address);
  for (let i = 0; i < 2; i++) {
    client.sendChannel(CHANNEL, Buffer.alloc(10));
    await client.receive();
    await client.refresh(600);
  }
  expect(refreshed).toEqual([10, 20]);
});

it('takes a user of any name for a name', () => {
  const counters = { packetsToPeer: 1, bytesToPeer: 1, packetsToClient: 1, bytesToClient: 1, dropped: 1 };
  const session = { relayedAll: [], counters } as unknown as Parameters<typeof usageByUser>[0][number];
  const names = ['__proto__', 'constructor', '__proto__'];
  expect(usageByUser(names.map((user) => ({ ...session, user })))).toMatchObject([
    { user: '__proto__', allocations: 2 },
    { user: 'constructor', allocations: 1 },
  ]);
});

it('is empty on a server that does not run', async () => {
  const server = await createServer({ edge: { enabled: false } }, { logger: silentLogger, state: new MemoryState() });
  expect([server.sessions(), server.users(), server.session('x')]).toEqual([[], [], undefined]);
  expect([server.endAllocation('x'), server.endAllocationsOf('x')]).toEqual([false, 0]);
});
