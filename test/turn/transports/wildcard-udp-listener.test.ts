import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kernelUdp } from '../../../src/turn/kernel/udp.ts';
import { kernelWildcard } from '../../../src/turn/kernel/wildcard.ts';
import { ClientLeg } from '../../../src/turn/dataplane/node/relay-state.ts';
import { openListeners } from '../../../src/turn/transports/open-listeners.ts';
import { type OpenDatagramListener } from '../../../src/turn/transports/listener.ts';
import { UdpListener } from '../../../src/turn/transports/udp-listener.ts';
import { WildcardUdpListener } from '../../../src/turn/transports/wildcard-udp-listener.ts';
import { bindingRequest, heard, type Heard, Linked, streamOptions, udpClient } from './support.ts';

const V4 = { family: 4, address: '0.0.0.0', port: 0 } as const;
const V6 = { family: 6, address: '::', port: 0 } as const;
const kernel = kernelUdp();
const wildcard = kernelWildcard();

let ports: Heard;
const closers: (() => unknown)[] = [];

beforeEach(() => {
  ports = heard();
  ports.onMessage = (client, bytes) => {
    client.send(bytes);
  };
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function listen(local: typeof V4 | typeof V6 = V4, withKernel = true, port = 0): WildcardUdpListener {
  const open: OpenDatagramListener = (at, options) =>
    new UdpListener(at, { ...options, kernel: withKernel ? kernel : undefined }, ports);
  const options = { socketBufferBytes: 0, open, ...(withKernel && { wildcard }) };
  const listener = new WildcardUdpListener({ ...local, port }, options, ports);
  closers.push(() => listener.close());
  return listener;
}

/** A client whose socket takes nothing but what comes from the address that it asks. */
async function clientOf(address: string, port: number): Promise<Awaited<ReturnType<typeof udpClient>>> {
  const client = await udpClient({ family: address.includes(':') ? 6 : 4, address, port });
  closers.push(() => {
    client.close();
  });
  return client;
}

const answered = (received: Buffer[]): Promise<boolean> =>
  vi.waitUntil(() => received.length > 0, { timeout: 5_000, interval: 5 });

describe('a UDP listener on all addresses', () => {
  it.each([
    [V4, '127.0.0.1'],
    [V6, '::1'],
  ])(
    'answers from the address that was asked, and says that it is the server of the 5-tuple: %o',
    async (local, address) => {
      const { local: at } = listen(local);
      expect(at).toEqual({ ...local, port: at.port });
      const client = await clientOf(address, at.port);
      client.send(bindingRequest());
      await answered(client.received);
      expect(ports.messages[0]!.client.local).toEqual({ family: local.family, address, port: at.port });
    },
  );

  it.skipIf(!wildcard)(
    'answers from an address that the system does not list, from the first datagram on',
    async () => {
      const { port } = listen().local;
      for (const address of ['127.0.0.5', '127.9.8.7']) {
        const client = await clientOf(address, port);
        for (let i = 1; i <= 3; i++) {
          client.send(bindingRequest(i));
          await vi.waitUntil(() => client.received.length === i, { timeout: 5_000, interval: 5 });
        }
        expect(client.received).toEqual([1, 2, 3].map(bindingRequest));
      }
      expect(new Set(ports.messages.map(({ client }) => client.local.address))).toEqual(
        new Set(['127.0.0.5', '127.9.8.7']),
      );
    },
  );

  it.skipIf(!wildcard)(
    'sends data of an allocation from there too, and keeps clients of two addresses apart',
    async () => {
      const { port } = listen().local;
      const socket = createSocket('udp4');
      closers.push(() => socket.close());
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      const keys = new Set<string>();
      for (const address of ['127.0.0.1', '127.0.0.5']) {
        const arrived = once(socket, 'message');
        socket.send(bindingRequest(), port, address);
        await arrived;
        const path = new Linked(ports, ports.messages.at(-1)!.client);
        keys.add(path.key);
        expect(path.leg).toBeUndefined();
        path.leg = new ClientLeg(path);
        const data = once(socket, 'message');
        path.sendChannelData(0x4000, Buffer.from('media'), 0, 5);
        expect((await data)[1]).toMatchObject({ address, port });
      }
      expect(keys.size).toBe(2);
    },
  );

  it('answers without help of the kernel at the addresses that the system lists', async () => {
    const { port } = listen(V4, false).local;
    const listed = Object.values(networkInterfaces()).flatMap((infos = []) => infos);
    for (const { address } of listed.filter(({ family }) => family === 'IPv4')) {
      const client = await clientOf(address, port);
      client.send(bindingRequest());
      await answered(client.received);
    }
  });

  it.each([true, false])('has its port alone (with the kernel: %s), and gives it back', async (withKernel) => {
    const first = listen(V4, withKernel);
    const { port } = first.local;
    expect(() => listen(V4, withKernel, port)).toThrow(expect.objectContaining({ code: 'ERR_ADDRESS_IN_USE' }));
    const one = { family: 4, address: '127.0.0.1', port } as const;
    expect(() => new UdpListener(one, { socketBufferBytes: 0, kernel }, ports)).toThrow(
      expect.objectContaining({ code: 'ERR_ADDRESS_IN_USE' }),
    );
    const sharing = createSocket({ type: 'udp4', reuseAddr: true });
    closers.push(() => sharing.close());
    const refused = once(sharing, 'error');
    sharing.bind(port, '127.0.0.1');
    expect(await refused).toEqual([expect.objectContaining({ code: 'EADDRINUSE' })]);
    await first.close();
    closers.splice(0, 1);
    listen(V4, withKernel, port);
  });

  it.skipIf(!wildcard)('serves a bounded number of addresses', async () => {
    const warn = vi.spyOn(ports.logger, 'warn');
    const { port } = listen().local;
    const socket = createSocket('udp4');
    closers.push(() => socket.close());
    const from = new Set<string>();
    socket.on('message', (_bytes, { address }) => from.add(address));
    for (let i = 0; i < 300; i++) socket.send(bindingRequest(), port, `127.1.${i >> 8}.${i & 255 || 1}`);
    await vi.waitUntil(() => warn.mock.calls.length > 0, { timeout: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(from.size).toBeGreaterThan(200);
    expect(from.size).toBeLessThanOrEqual(256);
    warn.mockRestore();
  });

  it('is what a wildcard of the options opens, with TCP at the same port', async () => {
    const listeners = await openListeners(
      {
        listeners: [
          { transport: 'tcp', address: '::', port: 0 },
          { transport: 'udp', address: '::', port: 0 },
        ],
        tls: undefined,
        stream: streamOptions(),
        udpBufferBytes: 0,
        kernel,
      },
      ports,
    );
    closers.push(() => Promise.all(listeners.map((listener) => listener.close())));
    expect(listeners[1]).toBeInstanceOf(WildcardUdpListener);
    expect(listeners[1]!.local).toEqual(listeners[0]!.local);
  });
});
