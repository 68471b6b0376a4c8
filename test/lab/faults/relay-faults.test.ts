import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type TurnClient } from '../../turn/support/turn-client.ts';
import { hearingPeer, openLab, turnClient, type HearingPeer, type TwoUsers } from './relay-lab.ts';

const CHANNEL = 0x4001;
const GENEROUS = { timeout: 15_000, interval: 20 };

let lab: TwoUsers;
let peer: HearingPeer;

beforeEach(async () => {
  lab = await openLab();
  peer = await hearingPeer();
});

/** A client of the user whose channel leads to the peer. */
async function relayed(user: 'alice' | 'bob' = 'alice'): Promise<TurnClient> {
  const client = await turnClient(lab, user);
  await client.allocate();
  await client.bindChannel(CHANNEL, peer.address);
  return client;
}

/** In small portions, so that no buffer of the system overflows. */
async function sendAll(client: TurnClient, payloads: readonly string[]): Promise<void> {
  for (const [at, payload] of payloads.entries()) {
    client.sendChannel(CHANNEL, Buffer.from(payload));
    if (at % 10 === 9) await wait(2);
  }
}

const numbered = (count: number, pad = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(i).padEnd(pad, ' '));
const numbers = (): number[] => peer.heard.map(({ text }) => Number(text));

/** All that was sent has reached the relay and left it, or was lost there. */
async function settled(count: number): Promise<void> {
  await vi.waitFor(() => {
    const { packetsToPeer, dropped } = lab.snapshot().allocations[0]!.counters;
    expect(packetsToPeer + dropped).toBe(count);
    expect(peer.heard).toHaveLength(packetsToPeer);
  }, GENEROUS);
}

describe('relay-loss', () => {
  it('loses about the share it is asked for, and counts each lost packet', async () => {
    const alice = await relayed();
    const fault = lab.faults.add({ kind: 'relay-loss', ratio: 0.3, direction: 'to-peer' });
    await sendAll(alice, numbered(400));
    await settled(400);
    expect(peer.heard).toHaveLength(400 - fault.fired);
    expect(fault.fired).toBeGreaterThan(60);
    expect(fault.fired).toBeLessThan(180);
    expect(numbers()).toEqual(numbers().toSorted((a, b) => a - b));
  });

  it('loses one direction and leaves the other', async () => {
    const alice = await relayed();
    using fault = lab.faults.add({ kind: 'relay-loss', ratio: 1, direction: 'to-client' });
    alice.sendChannel(CHANNEL, Buffer.from('ping'));
    await vi.waitFor(() => {
      expect(peer.heard).toHaveLength(1);
    }, GENEROUS);
    peer.send('pong', alice.relayed!);
    await vi.waitFor(() => {
      expect(fault.fired).toBe(1);
    }, GENEROUS);
    expect(alice.arrivals).toEqual([]);
  });

  it('hits an allocation that is made while it is active, and none once it is cleared', async () => {
    const fault = lab.faults.add({ kind: 'relay-loss', ratio: 1, user: 'alice' });
    const alice = await relayed();
    alice.sendChannel(CHANNEL, Buffer.from('lost'));
    await lab.waitFor('fault-fired', ({ user, kind }) => user === 'alice' && kind === 'relay-loss');
    fault.clear();
    alice.sendChannel(CHANNEL, Buffer.from('heard'));
    await vi.waitFor(() => {
      expect(peer.heard.map(({ text }) => text)).toEqual(['heard']);
    }, GENEROUS);
  });

  it('leaves the packets of other users alone', async () => {
    const [alice, bob] = [await relayed('alice'), await relayed('bob')];
    const fault = lab.faults.add({ kind: 'relay-loss', ratio: 1, user: 'alice' });
    alice.sendChannel(CHANNEL, Buffer.from('of alice'));
    bob.sendChannel(CHANNEL, Buffer.from('of bob'));
    await vi.waitFor(() => {
      expect(fault.fired).toBe(1);
      expect(peer.heard.map(({ text }) => text)).toEqual(['of bob']);
    }, GENEROUS);
  });

  it('ends with the packet that fills its times, and tells of packets together', async () => {
    const alice = await relayed();
    const fault = lab.faults.add({ kind: 'relay-loss', ratio: 1, times: 25, direction: 'to-peer' });
    const startedAtMs = performance.now();
    await sendAll(alice, numbered(40));
    await settled(40);
    const seconds = (performance.now() - startedAtMs) / 1000;
    expect(numbers()).toEqual(numbered(40).map(Number).slice(25));
    expect(fault).toMatchObject({ fired: 25, active: false });
    const told = lab.events('fault-fired').map(({ detail }) => Number(detail.packets));
    expect(told[0]).toBe(1);
    expect(told.reduce((sum, packets) => sum + packets, 0)).toBe(25);
    expect(told.length).toBeLessThanOrEqual(2 + seconds);
    const order = lab.events().filter(({ type }) => type.startsWith('fault-'));
    expect(order.at(-1)).toMatchObject({ type: 'fault-ended', cause: 'times' });
  });

  it('also hits what passes between two allocations of the lab', async () => {
    const [alice, bob] = [await turnClient(lab, 'alice'), await turnClient(lab, 'bob')];
    const [ofAlice, ofBob] = [await alice.allocate(), await bob.allocate()];
    await alice.bindChannel(CHANNEL, ofBob);
    await bob.bindChannel(CHANNEL, ofAlice);
    const fault = lab.faults.add({ kind: 'relay-loss', ratio: 1, user: 'bob', direction: 'to-client', times: 1 });
    alice.sendChannel(CHANNEL, Buffer.from('lost'));
    alice.sendChannel(CHANNEL, Buffer.from('heard'));
    const [arrival] = await bob.receive();
    expect(arrival?.data.toString()).toBe('heard');
    expect(fault.fired).toBe(1);
  });
});

describe('relay-delay', () => {
  it('brings each packet late by its time, in each direction', async () => {
    const alice = await relayed();
    lab.faults.add({ kind: 'relay-delay', delayMs: 200 });
    const startedAtMs = performance.now();
    alice.sendChannel(CHANNEL, Buffer.from('ping'));
    await vi.waitFor(() => {
      expect(peer.heard).toHaveLength(1);
    }, GENEROUS);
    expect(peer.heard[0]!.atMs - startedAtMs).toBeGreaterThan(195);
    peer.send('pong', alice.relayed!);
    await alice.receive();
    expect(performance.now() - startedAtMs).toBeGreaterThan(390);
  });

  it('keeps the order, however much it jitters', async () => {
    const alice = await relayed();
    const fault = lab.faults.add({ kind: 'relay-delay', delayMs: 40, jitterMs: 40, direction: 'to-peer' });
    await sendAll(alice, numbered(100));
    await settled(100);
    expect(numbers()).toEqual(numbered(100).map(Number));
    expect(fault.fired).toBeGreaterThan(90);
  });

  it('adds to other faults that hit the same packet', async () => {
    const alice = await relayed();
    lab.faults.add({ kind: 'relay-delay', delayMs: 100, direction: 'to-peer' });
    lab.faults.add({ kind: 'relay-delay', delayMs: 100, direction: 'to-peer' });
    lab.faults.add({ kind: 'relay-loss', ratio: 1, direction: 'to-peer', times: 1 });
    const startedAtMs = performance.now();
    alice.sendChannel(CHANNEL, Buffer.from('lost'));
    alice.sendChannel(CHANNEL, Buffer.from('late'));
    await vi.waitFor(() => {
      expect(peer.heard.map(({ text }) => text)).toEqual(['late']);
    }, GENEROUS);
    expect(peer.heard[0]!.atMs - startedAtMs).toBeGreaterThan(195);
  });
});

describe('relay-reorder', () => {
  it('lets packets overtake others and loses none', async () => {
    const alice = await relayed();
    const fault = lab.faults.add({ kind: 'relay-reorder', ratio: 0.3, delayMs: 100, direction: 'to-peer' });
    await sendAll(alice, numbered(200));
    await settled(200);
    expect(numbers()).not.toEqual(numbered(200).map(Number));
    expect(numbers().toSorted((a, b) => a - b)).toEqual(numbered(200).map(Number));
    expect(fault.fired).toBeGreaterThan(20);
  });
});

describe('relay-bandwidth', () => {
  it('lets no more bits through than it says, in order', async () => {
    const alice = await relayed();
    lab.faults.add({ kind: 'relay-bandwidth', bitsPerSec: 80_000, direction: 'to-peer' });
    const startedAtMs = performance.now();
    await sendAll(alice, numbered(18, 500));
    await settled(18);
    expect(numbers()).toEqual(numbered(18).map(Number));
    expect(peer.heard.at(-1)!.atMs - startedAtMs).toBeGreaterThan(18 * 50 - 5);
  });

  it('loses what finds its queue full', async () => {
    const alice = await relayed();
    lab.faults.add({ kind: 'relay-bandwidth', bitsPerSec: 80_000, direction: 'to-peer' });
    const startedAtMs = performance.now();
    await sendAll(alice, numbered(100, 1000));
    await settled(100);
    const bits = peer.heard.reduce((sum, { bytes }) => sum + bytes * 8, 0);
    const seconds = (peer.heard.at(-1)!.atMs - startedAtMs) / 1000;
    expect(peer.heard.length).toBeLessThan(100);
    expect(bits / seconds).toBeLessThan(82_000);
  });
});
