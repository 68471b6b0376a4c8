import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COUNTERS_PER_RELAY } from '../../../../src/turn/contract/counters.ts';
import { type RelayHandle } from '../../../../src/turn/contract/relay-handle.ts';
import { unwrap } from '../../../support/unwrap.ts';
import { channelData, FakeClient, harness, openPeer, type Harness, type Peer } from './support.ts';

const FOREVER = 1e12;
const until = vi.waitUntil;

let h: Harness;
let client: FakeClient;
let peer: Peer;
let relay: RelayHandle;

beforeEach(async () => {
  h = harness();
  client = new FakeClient();
  peer = await openPeer();
  relay = unwrap(h.plane.openRelay(client, 4, 0, FOREVER));
});

afterEach(() => {
  h.plane.close();
  peer.socket.close();
});

function bindChannel(channel = 0x4000, expiresAtMs = FOREVER): void {
  h.plane.setPermission(relay, peer.address.address, FOREVER);
  h.plane.setChannel(relay, { channel, peer: peer.address, expiresAtMs });
}

function countersOf(handle: RelayHandle): number[] {
  return [...h.plane.readCounters([handle])];
}

describe('opening', () => {
  it('has bound the port when it returns, and says in-use for a port that is taken', () => {
    const { port } = relay.relayed;
    expect(port).toBeGreaterThan(0);
    expect(h.plane.openRelay(client, 4, port, FOREVER)).toMatchObject({ ok: false, reason: 'in-use' });
    expect(h.plane.reserveRelay(4, port)).toMatchObject({ ok: false, reason: 'in-use' });
  });

  it('has freed the port when closeRelay returns', () => {
    const { port } = relay.relayed;
    h.plane.closeRelay(relay);
    expect(unwrap(h.plane.openRelay(client, 4, port, FOREVER)).relayed.port).toBe(port);
  });

  it('says unavailable for a family it has no address of, and for an address that is not the host’s', () => {
    const elsewhere = harness([{ family: 4, address: '192.0.2.77', advertised: '192.0.2.77' }]);
    for (const family of [4, 6] as const) {
      expect(elsewhere.plane.openRelay(client, family, 0, FOREVER)).toMatchObject({ ok: false, reason: 'unavailable' });
    }
  });

  it('serves a port again from a second address of the family', () => {
    const two = harness([
      { family: 4, address: '127.0.0.1', advertised: '127.0.0.1' },
      { family: 4, address: '127.0.0.2', advertised: '127.0.0.2' },
    ]);
    const first = unwrap(two.plane.openRelay(client, 4, 0, FOREVER));
    const second = unwrap(two.plane.openRelay(client, 4, first.relayed.port, FOREVER));
    expect(second.relayed.port).toBe(first.relayed.port);
    expect(second.relayed.address).not.toBe(first.relayed.address);
    two.plane.close();
  });

  it('reuses the slot of a closed relay with its counters at zero', () => {
    bindChannel();
    h.plane.forward(client.leg!, channelData(0x4000, 'count me'));
    expect(countersOf(relay)).not.toEqual([0, 0, 0, 0, 0]);
    h.plane.closeRelay(relay);
    const next = unwrap(h.plane.openRelay(client, 4, 0, FOREVER));
    expect(next.slot).toBe(relay.slot);
    expect(countersOf(next)).toEqual([0, 0, 0, 0, 0]);
  });

  it('gives each of many relays counters of its own', () => {
    const relays = Array.from({ length: 300 }, () => unwrap(h.plane.openRelay(new FakeClient(), 4, 0, FOREVER)));
    expect(new Set(relays.map(({ slot }) => slot)).size).toBe(300);
    const counters = h.plane.readCounters(relays);
    expect(counters).toHaveLength(300 * COUNTERS_PER_RELAY);
    expect(counters.every((value) => value === 0)).toBe(true);
  });
});

describe('from client to peer', () => {
  it('sends the payload of a bound channel from the relayed address, without padding', async () => {
    bindChannel();
    const padded = Buffer.concat([channelData(0x4000, 'hello'), Buffer.alloc(3)]);
    expect(h.plane.forward(client.leg!, padded)).toBe(true);
    await until(() => peer.received.length === 1);
    expect(peer.received).toEqual([{ data: 'hello', from: relay.relayed.port }]);
    expect(countersOf(relay)).toEqual([1, 5, 0, 0, 0]);
  });

  it('relays an empty ChannelData message as an empty datagram', async () => {
    bindChannel();
    h.plane.forward(client.leg!, channelData(0x4000, ''));
    await until(() => peer.received.length === 1);
    expect(peer.received[0]!.data).toBe('');
  });

  it('leaves a channel number it does not know to the engine', () => {
    bindChannel();
    expect(h.plane.forward(client.leg!, channelData(0x4001, 'x'))).toBe(false);
    h.plane.removeChannel(relay, 0x4000);
    expect(h.plane.forward(client.leg!, channelData(0x4000, 'x'))).toBe(false);
  });

  it('drops a message whose header promises more than came', () => {
    bindChannel();
    expect(h.plane.forward(client.leg!, channelData(0x4000, 'short').subarray(0, 6))).toBe(true);
    expect(h.drops.snapshot().malformed).toBe(1);
    expect(countersOf(relay)).toEqual([0, 0, 0, 0, 1]);
  });

  it.each([
    [
      'the channel',
      () => {
        bindChannel(0x4000, 1000);
      },
    ],
    [
      'the allocation',
      () => {
        bindChannel();
        h.plane.setRelayExpiry(relay, 1000);
      },
    ],
  ])('drops at the end of %s, whichever comes first', async (_what, arrange) => {
    arrange();
    h.nowMs = 999;
    h.plane.forward(client.leg!, channelData(0x4000, 'in time'));
    h.nowMs = 1000;
    expect(h.plane.forward(client.leg!, channelData(0x4000, 'too late'))).toBe(true);
    await until(() => peer.received.length > 0);
    expect(peer.received.map(({ data }) => data)).toEqual(['in time']);
    expect(h.drops.snapshot().expired).toBe(1);
  });

  it('relays on a channel although the permission has ended (RFC 8656 §12.6), and nothing back', async () => {
    bindChannel();
    h.plane.setPermission(relay, '127.0.0.1', 1000);
    h.nowMs = 1000;
    expect(h.plane.forward(client.leg!, channelData(0x4000, 'on its way'))).toBe(true);
    await until(() => peer.received.length > 0);
    peer.socket.send('back', relay.relayed.port, '127.0.0.1');
    await until(() => h.drops.snapshot().expired === 1);
    h.plane.removePermission(relay, '127.0.0.1');
    h.plane.forward(client.leg!, channelData(0x4000, 'and again'));
    await until(() => peer.received.length > 1);
    expect(peer.received.map(({ data }) => data)).toEqual(['on its way', 'and again']);
  });

  it('takes setChannel again as a refresh', () => {
    bindChannel(0x4000, 1000);
    h.plane.setChannel(relay, { channel: 0x4000, peer: peer.address, expiresAtMs: FOREVER });
    h.nowMs = 5000;
    h.plane.forward(client.leg!, channelData(0x4000, 'still here'));
    expect(countersOf(relay)[0]).toBe(1);
  });

  it('moves a peer to its new channel number, and a number to its new peer', async () => {
    bindChannel(0x4000);
    h.plane.setChannel(relay, { channel: 0x4001, peer: peer.address, expiresAtMs: FOREVER });
    expect(h.plane.forward(client.leg!, channelData(0x4000, 'old number'))).toBe(false);
    const other = await openPeer();
    h.plane.setChannel(relay, { channel: 0x4001, peer: other.address, expiresAtMs: FOREVER });
    h.plane.forward(client.leg!, channelData(0x4001, 'new peer'));
    await until(() => other.received.length === 1);
    peer.send('no channel now', relay.relayed);
    await until(() => h.peerData.length === 1);
    other.socket.close();
  });

  it('sends a Send indication’s payload, and never to port 0', async () => {
    h.plane.sendToPeer(relay, peer.address, Buffer.from('sent'), { dontFragment: false });
    h.plane.sendToPeer(relay, { ...peer.address, port: 0 }, Buffer.from('nowhere'), { dontFragment: false });
    await until(() => peer.received.length === 1);
    expect(peer.received[0]!.data).toBe('sent');
    expect(h.drops.snapshot()['bad-peer-address']).toBe(1);
  });

  it('drops and counts what no UDP datagram can hold', () => {
    h.plane.sendToPeer(relay, peer.address, Buffer.alloc(65_508), { dontFragment: false });
    expect(h.drops.snapshot()['too-large']).toBe(1);
  });

  it('survives a peer that is not there', async () => {
    const gone = await openPeer();
    gone.socket.close();
    for (let i = 0; i < 5; i++) {
      h.plane.sendToPeer(relay, gone.address, Buffer.from('anyone?'), { dontFragment: false });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    h.plane.sendToPeer(relay, peer.address, Buffer.from('you, then'), { dontFragment: false });
    await until(() => peer.received.length === 1);
  });
});

describe('from peer to client', () => {
  it('hands data of a bound peer over as ChannelData', async () => {
    bindChannel(0x4abc);
    peer.send('hi', relay.relayed);
    await until(() => client.received.length === 1);
    expect(client.received).toEqual([{ channel: 0x4abc, data: 'hi' }]);
    expect(countersOf(relay)).toEqual([0, 0, 1, 2, 0]);
  });

  it('hands data of a permitted peer without a channel to the engine, whatever its port', async () => {
    bindChannel();
    const other = await openPeer();
    other.send('from another port', relay.relayed);
    await until(() => h.peerData.length === 1);
    expect(h.peerData).toEqual([{ relay, peer: other.address, data: 'from another port' }]);
    expect(client.received).toEqual([]);
    other.socket.close();
  });

  it('falls back to the engine once the channel has ended, while the permission lasts', async () => {
    bindChannel(0x4000, 1000);
    h.nowMs = 1000;
    peer.send('no channel now', relay.relayed);
    await until(() => h.peerData.length === 1);
  });

  it('drops without a permission, also after it was removed or has ended', async () => {
    peer.send('never', relay.relayed);
    await until(() => h.drops.snapshot()['no-permission'] === 1);
    h.plane.setPermission(relay, '127.0.0.1', 1000);
    h.nowMs = 1000;
    peer.send('ended', relay.relayed);
    await until(() => h.drops.snapshot().expired === 1);
    h.plane.removePermission(relay, '127.0.0.1');
    peer.send('removed', relay.relayed);
    await until(() => h.drops.snapshot()['no-permission'] === 2);
    expect(h.peerData).toEqual([]);
    expect(countersOf(relay)).toEqual([0, 0, 0, 0, 3]);
  });

  it('counts as dropped what the client’s transport does not take', async () => {
    bindChannel();
    client.takes = false;
    peer.send('too much', relay.relayed);
    await until(() => countersOf(relay)[4] === 1);
    expect(countersOf(relay)).toEqual([0, 0, 0, 0, 1]);
  });

  it('relays IPv6', async () => {
    const peer6 = await openPeer(6);
    const relay6 = unwrap(h.plane.openRelay(client, 6, 0, FOREVER));
    h.plane.setPermission(relay6, '::1', FOREVER);
    h.plane.setChannel(relay6, { channel: 0x4006, peer: peer6.address, expiresAtMs: FOREVER });
    peer6.send('six', relay6.relayed);
    await until(() => client.received.length === 1);
    h.plane.forward(client.leg!, channelData(0x4006, 'back'));
    await until(() => peer6.received.length === 1);
    peer6.socket.close();
  });
});

it('gives clients their turn after so many datagrams of peers, permitted or not', async () => {
  let turns = 0;
  h.turns.add(() => (turns += 1));
  for (let i = 0; i < 31; i++) peer.send('not permitted', relay.relayed);
  await until(() => h.drops.snapshot()['no-permission'] === 31);
  expect(turns).toBe(0);
  bindChannel();
  peer.send('permitted', relay.relayed);
  await until(() => client.received.length === 1);
  expect(turns).toBe(1);
});

describe('a reserved address', () => {
  it('drops what arrives until it is claimed', async () => {
    const reserved = unwrap(h.plane.reserveRelay(4, 0));
    peer.send('early', reserved.relayed);
    await until(() => h.drops.snapshot()['reserved-relay'] === 1);
    const second = new FakeClient('second');
    h.plane.claimRelay(reserved, second, FOREVER);
    h.plane.setPermission(reserved, '127.0.0.1', FOREVER);
    h.plane.setChannel(reserved, { channel: 0x4000, peer: peer.address, expiresAtMs: FOREVER });
    peer.send('now', reserved.relayed);
    await until(() => second.received.length === 1);
  });

  it('is no way from one client to another', () => {
    const reserved = unwrap(h.plane.reserveRelay(4, 0));
    h.plane.sendToPeer(relay, reserved.relayed, Buffer.from('x'), { dontFragment: false });
    expect(h.drops.snapshot()['reserved-relay']).toBe(1);
  });
});

describe('closing', () => {
  it('ends the channels of that relay only, and the 5-tuple’s state with its last relay', () => {
    bindChannel();
    const relay6 = unwrap(h.plane.openRelay(client, 6, 0, FOREVER));
    h.plane.setPermission(relay6, '::1', FOREVER);
    const peer6 = { family: 6, address: '::1', port: 9 } as const;
    h.plane.setChannel(relay6, { channel: 0x4006, peer: peer6, expiresAtMs: FOREVER });
    h.plane.closeRelay(relay);
    expect(h.plane.forward(client.leg!, channelData(0x4000, 'x'))).toBe(false);
    expect(h.plane.forward(client.leg!, channelData(0x4006, 'x'))).toBe(true);
    h.plane.closeRelay(relay6);
    expect(client.leg).toBeUndefined();
  });

  it('takes a second close, and any call on a closed relay, as nothing', () => {
    h.plane.closeRelay(relay);
    h.plane.closeRelay(relay);
    bindChannel();
    h.plane.removePermission(relay, '127.0.0.1');
    h.plane.removeChannel(relay, 0x4000);
    h.plane.sendToPeer(relay, peer.address, Buffer.from('x'), { dontFragment: false });
    expect(client.leg).toBeUndefined();
  });
});
