import { beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from './support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

let certificate: KeyPair;

beforeAll(async () => {
  certificate = await makeCertificate();
});

describe.each(['udp', 'tcp', 'tls'] as const)('a client that moves over %s', (transport) => {
  const start = () =>
    startServer({ mobility: true, listeners: [{ transport, address: '127.0.0.1', port: 0 }], tls: certificate });

  it('keeps its relayed address, permissions and channels, and its data goes to the new path', async () => {
    const server = await start();
    const options = { transport, ca: certificate.cert };
    const [before, after] = [await connectClient(server, options), await connectClient(server, options)];
    const peer = await echoPeer();
    const relayed = await before.allocate({ mobile: true });
    await before.bindChannel(0x4000, peer.address);
    await after.moveHere(before.ticket!);
    before.sendChannel(0x4000, Buffer.from('old path'));
    expect((await before.receive(1))[0]).toMatchObject({ channel: 0x4000, data: Buffer.from('old path') });
    after.sendChannel(0x4000, Buffer.from('new path'));
    expect((await after.receive(1))[0]).toMatchObject({ channel: 0x4000, data: Buffer.from('new path') });
    expect(peer.heard.map(({ from }) => from)).toEqual([relayed, relayed]);
    await expect(before.refresh(600)).rejects.toThrow(/437/);
    await expect(before.moveHere(before.ticket!)).rejects.toThrow(/400/);
    expect(server.sessions()).toHaveLength(1);
  });

  it('may come back after its old path has gone', async () => {
    const server = await start();
    const options = { transport, ca: certificate.cert };
    const before = await connectClient(server, options);
    const peer = await echoPeer();
    await before.allocate({ mobile: true });
    await before.bindChannel(0x4000, peer.address);
    before.close();
    const after = await connectClient(server, options);
    await after.moveHere(before.ticket!);
    after.sendChannel(0x4000, Buffer.from('back'));
    expect((await after.receive(1))[0]).toMatchObject({ data: Buffer.from('back') });
    await after.refresh(0);
    await vi.waitFor(() => {
      expect(server.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0 });
    });
  });
});
