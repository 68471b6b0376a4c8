import { expect, it } from 'vitest';
import { turnServerOptions } from './support/options.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

const { relay } = turnServerOptions();
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
/** Linux takes every address of 127.0.0.0/8 for its own. */
const linuxOnly = process.platform === 'linux' ? it : it.skip;

linuxOnly('allocations are spread evenly over the relay addresses of a family', async () => {
  const server = await startServer({ relay: { ...relay, addresses: ADDRESSES } });
  const client = await connectClient(server);
  const count = new Map<string, number>();
  for (let i = 0; i < 300; i++) {
    const { address } = await client.allocate();
    count.set(address, (count.get(address) ?? 0) + 1);
    await client.refresh(0);
  }
  expect([...count.keys()].sort()).toEqual(ADDRESSES);
  // 100 of each are expected, with a deviation of 8.
  for (const times of count.values()) expect(Math.abs(times - 100)).toBeLessThan(50);
});

linuxOnly('a port range that is full on one relay address goes on with the next', async () => {
  const ports = { min: 47_100, max: 47_103 };
  const server = await startServer({ relay: { ...relay, addresses: ADDRESSES, ports } });
  const relayed = new Set<string>();
  for (let i = 0; i < ADDRESSES.length * 4; i++) {
    const client = await connectClient(server);
    const { address, port } = await client.allocate();
    relayed.add(`${address}:${port}`);
  }
  expect(relayed.size).toBe(12);
  const late = await connectClient(server);
  await expect(late.allocate()).rejects.toThrow('508');
});

linuxOnly('each relay address has an external one of its own, and they meet without leaving the server', async () => {
  const external = { '127.0.0.1': '203.0.113.1', '127.0.0.2': '203.0.113.2' };
  const server = await startServer({
    relay: { ...relay, addresses: ['127.0.0.1', '127.0.0.2'], externalAddresses: external },
  });
  const seen = new Map<string, Awaited<ReturnType<typeof connectClient>>>();
  for (let i = 0; seen.size < 2 && i < 50; i++) {
    const client = await connectClient(server);
    seen.set((await client.allocate()).address, client);
  }
  expect([...seen.keys()].sort()).toEqual(Object.values(external));
  const [one, other] = [seen.get('203.0.113.1')!, seen.get('203.0.113.2')!];
  await one.bindChannel(0x4000, other.relayed!);
  await other.bindChannel(0x4001, one.relayed!);
  one.sendChannel(0x4000, Buffer.from('straight'));
  expect((await other.receive())[0]).toMatchObject({ channel: 0x4001, data: Buffer.from('straight') });
});

it('peers see the address they are told of, without an external one', async () => {
  const server = await startServer();
  const peer = await echoPeer();
  const client = await connectClient(server);
  const relayed = await client.allocate();
  await client.permit(peer.address);
  client.send(peer.address, Buffer.from('x'));
  await client.receive();
  expect(peer.heard[0]?.from).toEqual(relayed);
});
