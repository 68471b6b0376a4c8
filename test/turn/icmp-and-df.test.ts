import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type TransportAddress } from '../../src/base/transport-address.ts';
import {
  data,
  dontFragment,
  requestedAddressFamily,
  requestedTransport,
  xorPeerAddress,
} from '../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { kernelUdp } from '../../src/turn/kernel/udp.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';
import { type TurnClient } from './support/turn-client.ts';

const ALLOCATE_UDP = 17;

/** A port where nobody listens, since its socket is gone. */
async function deadPort(family: 4 | 6): Promise<TransportAddress> {
  const address = family === 4 ? '127.0.0.1' : '::1';
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return { family, address, port };
}

async function allocateWithDontFragment(client: TurnClient, family: 4 | 6 = 4): Promise<void> {
  await client.request(Method.Allocate, (request) =>
    request
      .add(requestedTransport, ALLOCATE_UDP)
      .add(requestedAddressFamily, family === 4 ? 1 : 2)
      .add(dontFragment, true),
  );
}

function sendUnfragmented(client: TurnClient, peer: TransportAddress, payload: string): void {
  const indication = new StunWriter(Method.Send, 'indication', randomBytes(12));
  client.sendRaw(indication.add(xorPeerAddress, peer).add(dontFragment, true).add(data, Buffer.from(payload)).finish());
}

/** What of a raw socket of the kernel shows the IP headers of UDP datagrams on this host; absent without CAP_NET_RAW. */
function openSniffer(): { headers(): Buffer[]; close(): void } | undefined {
  if (!kernelUdp()) return undefined;
  const koffi = createRequire(import.meta.url)('koffi') as {
    load(name: string): { func(prototype: string): (...args: unknown[]) => number };
  };
  const c = koffi.load('libc.so.6');
  const recv = c.func('long recv(int fd, void *data, size_t bytes, int flags)');
  const fd = c.func('int socket(int domain, int type, int protocol)')(2, 3 | 0o4000, 17);
  if (fd < 0) return undefined;
  return {
    headers() {
      const seen: Buffer[] = [];
      for (;;) {
        const packet = Buffer.alloc(2048);
        const bytes = recv(fd, packet, packet.length, 0);
        if (bytes < 0) return seen;
        seen.push(packet.subarray(0, bytes));
      }
    },
    close: () => c.func('int close(int fd)')(fd),
  };
}

describe.skipIf(!kernelUdp())('with sockets of the kernel', () => {
  it.each([
    [4, { type: 3, code: 3, data: 0 }],
    [6, { type: 1, code: 4, data: 0 }],
  ] as const)('a client hears of an ICMP error by a Data indication, IPv%i', async (family, error) => {
    const client = await connectClient(await startServer());
    await client.allocate({ family });
    const dead = await deadPort(family);
    const peer = await echoPeer(family);
    await client.permit(dead);
    client.send(dead, Buffer.from('anybody?'));
    await expect.poll(() => client.errors).toEqual([{ peer: dead, error }]);
    client.send(peer.address, Buffer.from('still there'));
    expect((await client.receive())[0]!.data.toString()).toBe('still there');
  });

  it('an ICMP error costs no other peer a datagram, and the process no rest', async () => {
    const server = await startServer();
    const client = await connectClient(server);
    await client.allocate();
    const dead = await deadPort(4);
    const peer = await echoPeer();
    await client.permit(dead);
    await client.bindChannel(0x4000, peer.address);
    for (let i = 0; i < 50; i++) {
      client.send(dead, Buffer.from('anybody?'));
      client.sendChannel(0x4000, Buffer.from(String(i)));
    }
    const echoed = await client.receive(50);
    expect(echoed.map(({ data: payload }) => Number(payload.toString())).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    await expect.poll(() => client.errors.length).toBeGreaterThan(0);
    // A socket whose errors nobody takes would wake the event loop for good.
    const before = performance.eventLoopUtilization();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.9);
  });

  it('no longer tells of it when the permission is gone', async () => {
    const server = await startServer({
      allocation: {
        defaultLifetimeSec: 600,
        maxLifetimeSec: 3600,
        permissionLifetimeSec: 1,
        channelLifetimeSec: 600,
        permissions: 64,
        channels: 64,
      },
    });
    const client = await connectClient(server);
    await client.allocate();
    const dead = await deadPort(4);
    await client.permit(dead);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    client.send(dead, Buffer.from('anybody?'));
    await client.binding();
    expect(client.errors).toEqual([]);
  });

  const mayListen = openSniffer();
  mayListen?.close();
  it.skipIf(!mayListen)('sets the DF bit of a datagram as DONT-FRAGMENT asks, and of no other', async () => {
    const client = await connectClient(await startServer());
    await allocateWithDontFragment(client);
    const peer = await echoPeer();
    await client.permit(peer.address);
    const sniffer = openSniffer();
    sendUnfragmented(client, peer.address, 'whole-1');
    client.send(peer.address, Buffer.from('plain-2'));
    sendUnfragmented(client, peer.address, 'whole-3');
    await client.receive(3);
    const packets: Buffer[] = [];
    const isOurs = (packet: Buffer): boolean => packet.readUInt16BE(22) === peer.address.port;
    await expect.poll(() => packets.push(...(sniffer?.headers() ?? []).filter(isOurs))).toBe(3);
    sniffer?.close();
    const flags = packets.map((packet) => [packet.subarray(28).toString(), (packet[6]! & 0x40) !== 0]);
    expect(flags).toEqual([
      ['whole-1', true],
      ['plain-2', false],
      ['whole-3', true],
    ]);
  });

  it.skipIf(!mayListen)(
    'sets no DF bit on what goes to a client, whose way may be narrower than that of the peer',
    async () => {
      const server = await startServer();
      const client = await connectClient(server);
      await client.allocate();
      const peer = await echoPeer();
      await client.bindChannel(0x4000, peer.address);
      const sniffer = openSniffer();
      client.sendChannel(0x4000, Buffer.from('to and fro'));
      await client.receive();
      const packets: Buffer[] = [];
      const isToClient = (packet: Buffer): boolean => packet.readUInt16BE(20) === server.addresses[0]!.port;
      await expect.poll(() => packets.push(...(sniffer?.headers() ?? []).filter(isToClient))).toBe(1);
      sniffer?.close();
      expect(packets[0]![6]! & 0x40).toBe(0);
    },
  );

  it('takes DONT-FRAGMENT in an Allocate of IPv6 too, and relays', async () => {
    const client = await connectClient(await startServer());
    await allocateWithDontFragment(client, 6);
    const peer = await echoPeer(6);
    await client.permit(peer.address);
    sendUnfragmented(client, peer.address, 'six');
    expect((await client.receive())[0]!.data.toString()).toBe('six');
  });
});

it('answers DONT-FRAGMENT 420 with sockets of node:dgram, which cannot set it', async () => {
  const client = await connectClient(await startServer({ dataPlane: 'node' }));
  await expect(allocateWithDontFragment(client)).rejects.toThrow('420');
  await client.allocate();
  const dead = await deadPort(4);
  await client.permit(dead);
  client.send(dead, Buffer.from('anybody?'));
  await client.binding();
  expect(client.errors).toEqual([]);
});
