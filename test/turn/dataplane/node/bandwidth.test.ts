import { afterEach, expect, it } from 'vitest';
import { unwrap } from '../../../support/unwrap.ts';
import { connectClient, echoPeer, startServer } from '../../support/turn-lab.ts';
import { FakeClient, harness, openPeer, channelData, type Harness } from './support.ts';

const DF = { dontFragment: true };
const CHANNEL = 0x4000;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function limited(h: Harness, bytesPerSec: number) {
  const client = new FakeClient();
  const relay = unwrap(h.plane.openRelay(client, 4, 0, Infinity));
  h.plane.setBandwidth(relay, { allocation: { name: 'one', bytesPerSec } });
  closers.push(() => {
    h.plane.close();
  });
  return { client, relay };
}

it('drops what is beyond the bandwidth of a relay, on every way to a peer, and counts it by its reason', async () => {
  const h = harness();
  const { client, relay } = limited(h, 4);
  const peer = await openPeer();
  closers.push(() => peer.socket.close());
  h.plane.setPermission(relay, peer.address.address, Infinity);
  h.plane.setChannel(relay, { channel: CHANNEL, peer: peer.address, expiresAtMs: Infinity });

  h.plane.forward(client.leg!, channelData(CHANNEL, 'good'));
  h.plane.forward(client.leg!, channelData(CHANNEL, 'over'));
  h.plane.sendToPeer(relay, peer.address, Buffer.from('over'), { dontFragment: false });
  h.plane.sendToPeer(relay, peer.address, Buffer.from('over'), DF);
  expect(h.drops.snapshot()).toMatchObject({ 'bandwidth-allocation': 3 });
  h.nowMs = 1000;
  h.plane.forward(client.leg!, channelData(CHANNEL, 'next'));
  await expect.poll(() => peer.received.map(({ data }) => data)).toEqual(['good', 'next']);
});

it('drops what is beyond the bandwidth towards the client, after the permission was asked', async () => {
  const h = harness();
  const { client, relay } = limited(h, 4);
  const peer = await openPeer();
  const stranger = await openPeer();
  closers.push(
    () => peer.socket.close(),
    () => stranger.socket.close(),
  );
  h.plane.setChannel(relay, { channel: CHANNEL, peer: peer.address, expiresAtMs: Infinity });
  stranger.send('without a permission', relay.relayed);
  await expect.poll(() => h.drops.snapshot().expired + h.drops.snapshot()['no-permission']).toBe(1);
  h.plane.setPermission(relay, peer.address.address, Infinity);
  for (const data of ['good', 'over', 'over']) peer.send(data, relay.relayed);
  await expect.poll(() => h.drops.snapshot()['bandwidth-allocation']).toBe(2);
  expect(client.received.map(({ data }) => data)).toEqual(['good']);
});

it('bounds what a user of a running server relays over two allocations, and lets another user be', async () => {
  const bandwidth = { allocationBytesPerSec: 0, userBytesPerSec: 20_000, totalBytesPerSec: 0 };
  const server = await startServer({ bandwidth });
  const peer = await echoPeer();
  const send = async (username: string): Promise<void> => {
    const client = await connectClient(server, { username });
    await client.allocate();
    await client.bindChannel(CHANNEL, peer.address);
    for (let i = 0; i < 20; i++) client.sendChannel(CHANNEL, Buffer.alloc(1000));
  };
  await send('alice');
  await send('alice');
  await expect.poll(() => server.stats()?.drops['bandwidth-user'], { timeout: 10_000 }).toBeGreaterThan(0);
  const dropped = server.stats()?.drops['bandwidth-user'] ?? 0;
  expect(dropped).toBeLessThanOrEqual(20);
  await send('bob');
  await expect.poll(() => peer.heard.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(60 - dropped);
});
