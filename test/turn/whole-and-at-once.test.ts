import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

const CHANNEL = 0x4000;
const SMALL = [0, 1, 2, 3, 4, 5, 159, 160, 161, 1199, 1200, 1472];

it('bursts of frames in one TCP segment arrive whole, all of them and in their order', async () => {
  const server = await startServer({ listeners: [{ transport: 'tcp', address: '127.0.0.1', port: 0 }] });
  const peer = await echoPeer();
  const client = await connectClient(server, { transport: 'tcp' });
  await client.allocate();
  await client.bindChannel(CHANNEL, peer.address);
  for (let round = 0; round < 10; round++) {
    const payloads = SMALL.map((length) => randomBytes(length));
    client.sendRaw(Buffer.concat(payloads.map((payload) => client.channelFrame(CHANNEL, payload))));
    const arrivals = await client.receive(payloads.length);
    expect(arrivals.map(({ data }) => data.toString('hex'))).toEqual(
      payloads.map((payload) => payload.toString('hex')),
    );
  }
  expect(peer.heard).toHaveLength(10 * SMALL.length);
});

it('frames that a stream cuts anywhere arrive whole and as soon as their last byte is here', async () => {
  const server = await startServer({ listeners: [{ transport: 'tcp', address: '127.0.0.1', port: 0 }] });
  const peer = await echoPeer();
  const client = await connectClient(server, { transport: 'tcp' });
  await client.allocate();
  await client.bindChannel(CHANNEL, peer.address);
  const payload = randomBytes(61);
  const frame = client.channelFrame(CHANNEL, payload);
  for (let cut = 1; cut < frame.length; cut++) {
    client.sendRaw(frame.subarray(0, cut));
    await new Promise(setImmediate);
    client.sendRaw(frame.subarray(cut));
    const [arrival] = await client.receive();
    expect(arrival?.data.equals(payload)).toBe(true);
  }
});

it.each([
  ['udp', 65_503],
  ['tcp', 65_507],
] as const)(
  'over %s datagrams of any size up to the largest arrive whole, on a channel and by indications',
  async (transport, largest) => {
    const server = await startServer({ listeners: [{ transport, address: '127.0.0.1', port: 0 }] });
    const peer = await echoPeer();
    const client = await connectClient(server, { transport });
    await client.allocate();
    await client.permit(peer.address);
    for (const length of [0, 1, 1500, 9000, 32_768, 65_400]) {
      const payload = randomBytes(length);
      client.send(peer.address, payload);
      const [arrival] = await client.receive();
      expect([length, arrival?.kind, arrival?.data.equals(payload)]).toEqual([length, 'indication', true]);
    }
    await client.bindChannel(CHANNEL, peer.address);
    for (const length of [0, 1, 1500, 9000, 32_768, largest - 1, largest]) {
      const payload = randomBytes(length);
      client.sendChannel(CHANNEL, payload);
      const [arrival] = await client.receive();
      expect([length, arrival?.kind, arrival?.data.equals(payload)]).toEqual([length, 'channel', true]);
    }
  },
);
