import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';
import { FaultyPlane } from '../../../src/lab/faults/faulty-plane.ts';
import { LOST, type Impairment } from '../../../src/lab/faults/impairment.ts';
import { unwrap } from '../../support/unwrap.ts';
import { connectClient, echoPeer, startServer } from '../../turn/support/turn-lab.ts';
import { channelData, FakeClient, harnessOf, openPeer, type Harness } from '../../turn/dataplane/node/support.ts';

const FOREVER = 1e12;
const A = 0x4001;
const B = 0x4002;
let h: Harness<FaultyPlane>;

interface Side {
  readonly client: FakeClient;
  readonly relay: RelayHandle;
}

/** Two allocations of the plane with a channel to each other: all traffic takes the straight path, so no socket takes time. */
function pair(): { a: Side; b: Side } {
  const side = (key: string): Side => {
    const client = new FakeClient(key);
    return { client, relay: unwrap(h.plane.openRelay(client, 4, 0, FOREVER)) };
  };
  const [a, b] = [side('a'), side('b')];
  h.plane.setPermission(a.relay, b.relay.relayed.address, FOREVER);
  h.plane.setPermission(b.relay, a.relay.relayed.address, FOREVER);
  h.plane.setChannel(a.relay, { channel: A, peer: b.relay.relayed, expiresAtMs: FOREVER });
  h.plane.setChannel(b.relay, { channel: B, peer: a.relay.relayed, expiresAtMs: FOREVER });
  return { a, b };
}

function send({ client }: Side, ...payloads: string[]): void {
  for (const payload of payloads) h.plane.forward(client.leg!, channelData(A, payload));
}

/** Moves the clock of the plane and lets its timers run. */
function advance(ms: number): void {
  h.nowMs += ms;
  vi.advanceTimersByTime(ms);
}

function heard({ client }: Side): string[] {
  return client.received.map(({ data }) => data);
}

beforeEach(() => {
  vi.useFakeTimers();
  h = harnessOf((options, ports) => new FaultyPlane(options, ports));
});

afterEach(() => {
  h.plane.close();
  vi.useRealTimers();
});

it('loses what the impairment says is lost, and counts it', () => {
  const { a, b } = pair();
  let count = 0;
  h.plane.setImpairment(a.relay, () => (count++ % 2 === 0 ? LOST : 0));
  send(a, '1', '2', '3', '4');
  expect(heard(b)).toEqual(['2', '4']);
  expect(h.plane.lost).toBe(2);
  expect([...h.plane.readCounters([a.relay])]).toEqual([2, 2, 0, 0, 2]);
});

it('holds a copy until it is due, and no longer', () => {
  const { a, b } = pair();
  h.plane.setImpairment(a.relay, () => 50);
  const frame = channelData(A, 'late');
  h.plane.forward(a.client.leg!, frame);
  frame.fill(0);
  advance(49);
  expect(heard(b)).toEqual([]);
  advance(1);
  expect(heard(b)).toEqual(['late']);
});

it('asks for both directions, A’s way out before B’s way in', () => {
  const { a, b } = pair();
  const asked: unknown[] = [];
  const noting =
    (name: string, ms: number): Impairment =>
    (direction, bytes, nowMs) => {
      asked.push([name, direction, bytes, nowMs]);
      return ms;
    };
  h.plane.setImpairment(a.relay, noting('a', 10));
  h.plane.setImpairment(b.relay, noting('b', 20));
  send(a, 'ping');
  advance(10);
  advance(20);
  expect(asked).toEqual([
    ['a', 'to-peer', 4, 0],
    ['b', 'to-client', 4, 10],
  ]);
  expect(b.client.received).toEqual([{ channel: B, data: 'ping' }]);
});

it('passes what is due in the order it is due, and what is due at once in the order it came', () => {
  const { a, b } = pair();
  const waits = [30, 10, 20, 10];
  h.plane.setImpairment(a.relay, () => waits.shift() ?? 0);
  send(a, '30', '10', '20', '10 again');
  advance(30);
  expect(heard(b)).toEqual(['10', '10 again', '20', '30']);
});

it('lets nothing overtake what is due while a timer is late', () => {
  const { a, b } = pair();
  const waits = [10, 0];
  h.plane.setImpairment(a.relay, () => waits.shift() ?? 0);
  send(a, 'held');
  h.nowMs += 10;
  send(a, 'at once');
  expect(heard(b)).toEqual(['held', 'at once']);
});

it('asks nothing about what would not pass anyway', () => {
  const { a, b } = pair();
  let asked = 0;
  h.plane.setImpairment(b.relay, () => asked++);
  h.plane.removePermission(b.relay, a.relay.relayed.address);
  h.plane.removeChannel(b.relay, B);
  send(a, 'unasked');
  expect(asked).toBe(0);
  expect(h.drops.snapshot()['no-permission']).toBe(1);
});

it('lets what is held leave when it is due after the impairment is taken off, and then is out of the way', () => {
  const { a, b } = pair();
  h.plane.setImpairment(a.relay, () => 50);
  send(a, 'held');
  h.plane.setImpairment(a.relay, undefined);
  send(a, 'free');
  expect(heard(b)).toEqual(['free']);
  advance(50);
  expect(heard(b)).toEqual(['free', 'held']);
  expect(h.plane.impairedRelays).toBe(0);
});

it('still holds the datagram during which the impairment was taken off', () => {
  const { a, b } = pair();
  h.plane.setImpairment(a.relay, () => {
    h.plane.setImpairment(a.relay, undefined);
    return 50;
  });
  send(a, 'last');
  expect(heard(b)).toEqual([]);
  advance(50);
  expect(heard(b)).toEqual(['last']);
  expect(h.plane.impairedRelays).toBe(0);
});

it('forgets what it holds when the relay closes, and leaves no timer', () => {
  const { a, b } = pair();
  h.plane.setImpairment(a.relay, () => 50);
  h.plane.setImpairment(b.relay, () => 50);
  send(a, 'never');
  expect(vi.getTimerCount()).toBe(1);
  h.plane.closeRelay(a.relay);
  h.plane.setImpairment(a.relay, () => 50);
  expect(vi.getTimerCount()).toBe(0);
  advance(100);
  expect(heard(b)).toEqual([]);
});

it('holds four mebibytes of a relay at most, and counts what comes beyond', () => {
  const { a, b } = pair();
  h.plane.setImpairment(a.relay, () => 60_000);
  const payload = 'x'.repeat(16_000);
  for (let i = 0; i < 400; i++) send(a, payload);
  const dropped = h.drops.snapshot()['send-queue-full'];
  expect((400 - dropped) * 16_000).toBeLessThan(4_194_304);
  expect((401 - dropped) * 16_100).toBeGreaterThan(4_194_304);
  for (let i = 0; i < 100_000; i++) send(a, '');
  expect(h.drops.snapshot()['send-queue-full']).toBeGreaterThan(dropped + 99_000);
  advance(60_000);
  expect(heard(b).filter((data) => data === payload)).toHaveLength(400 - dropped);
  send(a, 'room again');
  advance(60_000);
  expect(heard(b).at(-1)).toBe('room again');
});

it('gives the engine late what has no channel, with its peer', () => {
  const { a, b } = pair();
  h.plane.removeChannel(b.relay, B);
  h.plane.setImpairment(b.relay, () => 5);
  send(a, 'for an indication');
  expect(h.peerData).toEqual([]);
  advance(5);
  expect(h.peerData).toEqual([{ relay: b.relay, peer: a.relay.relayed, data: 'for an indication' }]);
});

it('holds for real sockets in both directions', async () => {
  vi.useRealTimers();
  const peer = await openPeer();
  h = harnessOf((options, ports) => new FaultyPlane(options, ports));
  const client = new FakeClient();
  const relay = unwrap(h.plane.openRelay(client, 4, 0, FOREVER));
  h.plane.setPermission(relay, peer.address.address, FOREVER);
  h.plane.setChannel(relay, { channel: A, peer: peer.address, expiresAtMs: FOREVER });
  h.plane.setImpairment(relay, (direction) => (direction === 'to-peer' ? 1 : 2));
  h.plane.forward(client.leg!, channelData(A, 'out'));
  h.nowMs = 1;
  await vi.waitFor(() => {
    expect(peer.received).toEqual([{ data: 'out', from: relay.relayed.port }]);
  }, 5000);
  peer.send('in', relay.relayed);
  await vi.waitFor(() => {
    h.nowMs += 1;
    expect(client.received).toEqual([{ channel: A, data: 'in' }]);
  }, 5000);
  peer.socket.close();
});

it('loses what passes either relay of an allocation of two families, until it is lifted', async () => {
  vi.useRealTimers();
  let plane: FaultyPlane | undefined;
  const server = await startServer({}, undefined, undefined, {
    plane: (options, ports) => (plane = new FaultyPlane(options, ports)),
  });
  const client = await connectClient(server);
  const [four, six] = [await echoPeer(4), await echoPeer(6)];
  await client.allocate({ bothFamilies: true });
  await client.bindChannel(0x4000, four.address);
  await client.bindChannel(0x4001, six.address);
  const [session] = server.sessions();
  const lost: number[] = [];
  plane!.impair(session!, (_direction, bytes) => {
    lost.push(bytes);
    return LOST;
  });
  client.sendChannel(0x4000, Buffer.alloc(4));
  client.sendChannel(0x4001, Buffer.alloc(6));
  await vi.waitUntil(() => lost.length === 2, { timeout: 5_000 });
  plane!.impair(session!, undefined);
  client.sendChannel(0x4000, Buffer.from('four'));
  client.sendChannel(0x4001, Buffer.from('six'));
  expect((await client.receive(2)).map(({ data }) => data.toString()).sort()).toEqual(['four', 'six']);
  expect([four.heard.length, six.heard.length]).toEqual([1, 1]);
});

it('leaves a relay alone that another client has at the address now', () => {
  const { a } = pair();
  const { relayed } = a.relay;
  const ended = { transport: 'udp', client: { family: 4, address: '192.0.2.9', port: 5000 }, relayed } as const;
  const facts = {
    allocationId: 'ended',
    user: 'alice',
    realm: 'localhost',
    keyId: 'k',
    relayedAll: [relayed],
    family: 4,
  } as const;
  h.plane.impair({ ...ended, ...facts }, () => LOST);
  expect(h.plane.impairedRelays).toBe(0);
  h.plane.impair({ ...ended, ...facts, client: a.client.remote }, () => LOST);
  expect(h.plane.impairedRelays).toBe(1);
});
