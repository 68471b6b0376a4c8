import { afterEach, describe, expect, it } from 'vitest';
import { NodeDataPlane } from '../../../../src/turn/dataplane/node/node-data-plane.ts';
import { CounterAt } from '../../../../src/turn/dataplane/shared/relay-counters.ts';
import { ReceiveBatch } from '../../../../src/turn/kernel/receive-batch.ts';
import { loadSystemCalls } from '../../../../src/turn/kernel/system-calls.ts';
import { kernelUdp } from '../../../../src/turn/kernel/udp.ts';
import { unwrap } from '../../../support/unwrap.ts';
import { FakeClient, harnessOf, openPeer, type Harness, type Peer } from './support.ts';

const calls = loadSystemCalls();
const FOREVER = 1e12;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function open(): Harness {
  const batch = calls.ok ? new ReceiveBatch(calls.value, 32, 0) : undefined;
  const create = (...[options, ports]: ConstructorParameters<typeof NodeDataPlane>): NodeDataPlane =>
    new NodeDataPlane(options, { ...ports, batch });
  const h = harnessOf(create, undefined, kernelUdp(), 65_536);
  closers.push(() => {
    h.plane.close();
  });
  return h;
}

async function peerOf(): Promise<Peer> {
  const peer = await openPeer();
  closers.push(() => peer.socket.close());
  return peer;
}

/** How many sockets of Node there are. */
function socketsOfNode(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length;
}

describe.skipIf(!calls.ok)('a relay for which no peer is permitted', () => {
  it('has a port and no socket of Node, until a peer is', () => {
    const h = open();
    const before = socketsOfNode();
    const relays = Array.from({ length: 5 }, () => unwrap(h.plane.openRelay(new FakeClient(), 4, 0, FOREVER)));
    expect(socketsOfNode()).toBe(before);
    expect(new Set(relays.map(({ relayed }) => relayed.port)).size).toBe(5);
    h.plane.setPermission(relays[0]!, '127.0.0.1', FOREVER);
    h.plane.setPermission(relays[0]!, '127.0.0.2', FOREVER);
    expect(socketsOfNode()).toBe(before + 1);
  });

  it('drops and counts what comes, little of which waits, and hears nothing of it once a peer is permitted', async () => {
    const h = open();
    const peer = await peerOf();
    const relay = unwrap(h.plane.openRelay(new FakeClient(), 4, 0, FOREVER));
    const reserved = unwrap(h.plane.reserveRelay(4, 0));
    for (let i = 0; i < 100; i++) peer.send('x'.repeat(1000), relay.relayed);
    peer.send('early', reserved.relayed);
    await expect.poll(() => h.plane.readCounters([relay])[CounterAt.dropped]).toBe(100);
    await expect.poll(() => h.plane.readCounters([reserved])[CounterAt.dropped]).toBe(1);
    expect(h.drops.snapshot()).toMatchObject({ 'no-permission': 100, 'reserved-relay': 1, 'kernel-buffer-full': 0 });
    peer.send('just before', relay.relayed);
    await expect.poll(() => h.plane.readCounters([relay])[CounterAt.dropped]).toBe(101);
    h.plane.setPermission(relay, '127.0.0.1', FOREVER);
    peer.send('permitted', relay.relayed);
    await expect.poll(() => h.peerData.map(({ data }) => data)).toEqual(['permitted']);
  });

  it('has room for a burst once a peer is permitted', async () => {
    const h = open();
    const peer = await peerOf();
    const relay = unwrap(h.plane.openRelay(new FakeClient(), 4, 0, FOREVER));
    h.plane.setPermission(relay, '127.0.0.1', FOREVER);
    for (let i = 0; i < 30; i++) peer.send(`${i}`, relay.relayed);
    await expect.poll(() => h.peerData.length).toBe(30);
  });

  it('frees its port when it closes', () => {
    const h = open();
    const relay = unwrap(h.plane.openRelay(new FakeClient(), 4, 0, FOREVER));
    const { port } = relay.relayed;
    h.plane.closeRelay(relay);
    expect(unwrap(h.plane.openRelay(new FakeClient(), 4, port, FOREVER)).relayed.port).toBe(port);
  });
});
