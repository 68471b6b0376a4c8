import { afterEach, expect, it } from 'vitest';
import { type RelayHandle } from '../../../../src/turn/contract/relay-handle.ts';
import { type RelayAddress } from '../../../../src/turn/dataplane/shared/relay-address.ts';
import { unwrap } from '../../../support/unwrap.ts';
import { channelData, FakeClient, harness, type Harness } from './support.ts';

const FOREVER = 1e12;
let h: Harness;

interface Side {
  readonly client: FakeClient;
  readonly relay: RelayHandle;
}

function twoClients(addresses?: readonly RelayAddress[]): { a: Side; b: Side } {
  h = harness(addresses);
  const side = (key: string): Side => {
    const client = new FakeClient(key);
    return { client, relay: unwrap(h.plane.openRelay(client, 4, 0, FOREVER)) };
  };
  return { a: side('a'), b: side('b') };
}

/** `from` may send to `to`, and has a channel for it. */
function connect(from: Side, to: Side, channel: number): void {
  h.plane.setPermission(from.relay, to.relay.relayed.address, FOREVER);
  h.plane.setChannel(from.relay, { channel, peer: to.relay.relayed, expiresAtMs: FOREVER });
}

function counters({ relay }: Side): number[] {
  return [...h.plane.readCounters([relay])];
}

afterEach(() => {
  h.plane.close();
});

it('hands data from one client’s channel straight to the other client’s channel', () => {
  const { a, b } = twoClients();
  connect(a, b, 0x4001);
  connect(b, a, 0x4002);
  h.plane.forward(a.client.leg!, channelData(0x4001, 'ping'));
  expect(b.client.received).toEqual([{ channel: 0x4002, data: 'ping' }]);
  expect(counters(a)).toEqual([1, 4, 0, 0, 0]);
  expect(counters(b)).toEqual([0, 0, 1, 4, 0]);
});

it('gives the engine what the other side permits but has no channel for', () => {
  const { a, b } = twoClients();
  connect(a, b, 0x4001);
  h.plane.setPermission(b.relay, a.relay.relayed.address, FOREVER);
  h.plane.forward(a.client.leg!, channelData(0x4001, 'ping'));
  expect(h.peerData).toEqual([{ relay: b.relay, peer: a.relay.relayed, data: 'ping' }]);
});

it('drops what the other side does not permit, or no longer', () => {
  const { a, b } = twoClients();
  connect(a, b, 0x4001);
  h.plane.forward(a.client.leg!, channelData(0x4001, 'unasked'));
  expect(h.drops.snapshot()['no-permission']).toBe(1);
  connect(b, a, 0x4002);
  h.plane.setPermission(b.relay, a.relay.relayed.address, 1000);
  h.nowMs = 1000;
  h.plane.forward(a.client.leg!, channelData(0x4001, 'late'));
  expect(h.drops.snapshot().expired).toBe(1);
  expect(b.client.received).toEqual([]);
  expect(counters(b)).toEqual([0, 0, 0, 0, 2]);
});

it('takes Send indications the same way', () => {
  const { a, b } = twoClients();
  connect(b, a, 0x4002);
  h.plane.sendToPeer(a.relay, b.relay.relayed, Buffer.from('sent'), { dontFragment: false });
  expect(b.client.received).toEqual([{ channel: 0x4002, data: 'sent' }]);
});

it('ends with the other allocation, and begins again with the next one on that port', () => {
  const { a, b } = twoClients();
  connect(a, b, 0x4001);
  connect(b, a, 0x4002);
  const { port } = b.relay.relayed;
  h.plane.closeRelay(b.relay);
  h.plane.forward(a.client.leg!, channelData(0x4001, 'to nobody'));
  const client = new FakeClient('next');
  const next: Side = { client, relay: unwrap(h.plane.openRelay(client, 4, port, FOREVER)) };
  connect(next, a, 0x4003);
  h.plane.forward(a.client.leg!, channelData(0x4001, 'to the new one'));
  expect(b.client.received).toEqual([]);
  expect(next.client.received).toEqual([{ channel: 0x4003, data: 'to the new one' }]);
});

it('knows its relays behind 1:1 NAT by their external address', () => {
  const { a, b } = twoClients([{ family: 4, address: '127.0.0.1', advertised: '203.0.113.7' }]);
  expect(a.relay.relayed.address).toBe('203.0.113.7');
  connect(a, b, 0x4001);
  connect(b, a, 0x4002);
  h.plane.forward(b.client.leg!, channelData(0x4002, 'through no NAT'));
  expect(a.client.received).toEqual([{ channel: 0x4001, data: 'through no NAT' }]);
});

it('lets a client that permits itself talk to itself', () => {
  const { a } = twoClients();
  connect(a, a, 0x4001);
  h.plane.forward(a.client.leg!, channelData(0x4001, 'echo'));
  expect(a.client.received).toEqual([{ channel: 0x4001, data: 'echo' }]);
});
