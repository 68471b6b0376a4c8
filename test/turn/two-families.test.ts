import { createSocket } from 'node:dgram';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TransportAddress } from '../../src/base/transport-address.ts';
import { makeCertificate } from './support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

let certificate: KeyPair;

beforeAll(async () => {
  certificate = await makeCertificate();
});

function isFree({ family, address, port }: TransportAddress): Promise<boolean> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address, exclusive: true }, () => {
      socket.close();
      resolve(true);
    });
  });
}

describe.each(['udp', 'tcp', 'tls'] as const)('an allocation of two families over %s', (transport) => {
  const start = () => startServer({ listeners: [{ transport, address: '127.0.0.1', port: 0 }], tls: certificate });

  it('relays to peers of both at once, by indications and by channels', async () => {
    const server = await start();
    const client = await connectClient(server, { transport, ca: certificate.cert });
    const [four, six] = [await echoPeer(4), await echoPeer(6)];
    await client.allocate({ bothFamilies: true });
    expect(client.relayedAll.map(({ family }) => family)).toEqual([4, 6]);
    await client.permit(four.address, six.address);
    client.send(four.address, Buffer.from('four'));
    client.send(six.address, Buffer.from('six'));
    expect((await client.receive(2)).map(({ data }) => data.toString()).sort()).toEqual(['four', 'six']);
    expect([four.heard[0]!.from, six.heard[0]!.from]).toEqual(client.relayedAll);
    await client.bindChannel(0x4000, four.address);
    await client.bindChannel(0x4001, six.address);
    client.sendChannel(0x4000, Buffer.from('four'));
    client.sendChannel(0x4001, Buffer.from('six'));
    const arrivals = await client.receive(2);
    expect(arrivals.map(({ channel, data }) => `${channel} ${data.toString()}`).sort()).toEqual([
      '16384 four',
      '16385 six',
    ]);
    expect(server.sessions()).toMatchObject([
      { relayedAll: client.relayedAll, counters: { packetsToPeer: 4, packetsToClient: 4, bytesToPeer: 14 } },
    ]);
  });

  it('goes on with one family when the other is deleted, whose port is free at once', async () => {
    const server = await start();
    const client = await connectClient(server, { transport, ca: certificate.cert });
    const [four, six] = [await echoPeer(4), await echoPeer(6)];
    await client.allocate({ bothFamilies: true });
    await client.bindChannel(0x4000, four.address);
    await client.bindChannel(0x4001, six.address);
    await client.refresh(0, 4);
    expect(await isFree(client.relayedAll[0]!)).toBe(true);
    expect(await isFree(client.relayedAll[1]!)).toBe(false);
    await expect(client.permit(four.address)).rejects.toThrow('443');
    client.sendChannel(0x4000, Buffer.from('lost'));
    client.sendChannel(0x4001, Buffer.from('six'));
    expect(await client.receive()).toMatchObject([{ channel: 0x4001, data: Buffer.from('six') }]);
    expect(four.heard).toEqual([]);
    await client.refresh(0, 6);
    expect(await isFree(client.relayedAll[1]!)).toBe(true);
    expect(server.sessions()).toEqual([]);
    expect(server.stats()).toMatchObject({ relayPortsTaken: 0, timers: 0 });
  });
});

describe('two clients with two families each', () => {
  it('reach each other on the straight path of each family', async () => {
    const server = await startServer();
    const alice = await connectClient(server);
    const bob = await connectClient(server, { username: 'bob' });
    await alice.allocate({ bothFamilies: true });
    await bob.allocate({ bothFamilies: true });
    for (const at of [0, 1]) {
      await alice.bindChannel(0x4000 + at, bob.relayedAll[at]!);
      await bob.bindChannel(0x4004 + at, alice.relayedAll[at]!);
      alice.sendChannel(0x4000 + at, Buffer.from(`family ${at}`));
      expect(await bob.receive()).toMatchObject([{ channel: 0x4004 + at, data: Buffer.from(`family ${at}`) }]);
    }
  });
});
