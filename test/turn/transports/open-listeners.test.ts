import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Listener } from '../../../src/turn/transports/listener.ts';
import { openListeners, type ListenOptions } from '../../../src/turn/transports/open-listeners.ts';
import { UdpListener } from '../../../src/turn/transports/udp-listener.ts';
import { heard, streamOptions, type Heard } from './support.ts';

let ports: Heard;
let open: readonly Listener[] = [];

beforeEach(() => {
  ports = heard();
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((listener) => listener.close()));
});

function openAll(...listeners: ListenOptions[]): Promise<Listener[]> {
  return openListeners({ listeners, tls: undefined, stream: streamOptions(), udpBufferBytes: 0 }, ports);
}

it.each([
  ['udp', 'tcp'],
  ['tcp', 'udp'],
] as const)('gives %s and %s on one address the same port when both ask for 0', async (first, second) => {
  open = await openAll({ transport: first, address: '::1', port: 0 }, { transport: second, address: '::1', port: 0 });
  expect(open[0]!.local.port).toBeGreaterThan(0);
  expect(open[1]!.local).toEqual(open[0]!.local);
});

it('takes any port when the shared one is not to be had', async () => {
  open = await openAll(
    { transport: 'udp', address: '127.0.0.1', port: 0 },
    { transport: 'tcp', address: '127.0.0.1', port: 0 },
    { transport: 'tcp', address: '127.0.0.1', port: 0 },
  );
  expect(new Set(open.slice(1).map(({ local }) => local.port)).size).toBe(2);
});

it('leaves nothing open when one fails', async () => {
  const taken = new UdpListener({ family: 4, address: '127.0.0.1', port: 0 }, { socketBufferBytes: 0 }, ports);
  const free = new UdpListener({ family: 4, address: '127.0.0.1', port: 0 }, { socketBufferBytes: 0 }, ports);
  await free.close();
  const wish = (port: number): ListenOptions => ({ transport: 'udp', address: '127.0.0.1', port });
  await expect(openAll(wish(free.local.port), wish(taken.local.port))).rejects.toMatchObject({
    code: 'ERR_ADDRESS_IN_USE',
  });
  open = await openAll(wish(free.local.port));
  await taken.close();
});

it.each([
  ['a tls listener without a certificate', { transport: 'tls', address: '127.0.0.1', port: 0 }],
  ['an address that is none', { transport: 'udp', address: 'localhost', port: 0 }],
  ['a port that is none', { transport: 'tcp', address: '127.0.0.1', port: 65_536 }],
] as const)('names the option for %s', async (_what, listener) => {
  await expect(openAll(listener)).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: expect.stringContaining('turn.listeners') as string,
  });
});
