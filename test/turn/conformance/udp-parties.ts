import { createSocket, type Socket } from 'node:dgram';
import { vi } from 'vitest';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { stunMessage, type HeardEvents, type WorldClient, type WorldPeer } from './plane-world.ts';

/** A client on a socket of its own, known to a listener: its 5-tuple is taken from the first message that the engine would hear. */
export async function udpClientOf(
  listener: TransportAddress,
  { messages }: HeardEvents,
  closers: (() => void)[],
): Promise<WorldClient> {
  const socket = await opened(closers);
  const received: Buffer[] = [];
  socket.on('message', (bytes) => received.push(bytes));
  const send = (bytes: Buffer): void => {
    socket.send(bytes, listener.port, listener.address);
  };
  send(stunMessage(0));
  await vi.waitUntil(() => messages.length > 0, { timeout: 5_000, interval: 2 });
  const [first] = messages.splice(0);
  if (!first) throw new Error('nothing was heard of the client');
  return { path: first.client, received, send };
}

export async function udpPeer(closers: (() => void)[]): Promise<WorldPeer> {
  const socket = await opened(closers);
  const received: { data: string; from: TransportAddress }[] = [];
  socket.on('message', (bytes, { address, port }) => {
    received.push({ data: bytes.toString(), from: { family: 4, address, port } });
  });
  return {
    address: { family: 4, address: '127.0.0.1', port: socket.address().port },
    received,
    send: (data, to) => {
      socket.send(data, to.port, to.address);
    },
  };
}

async function opened(closers: (() => void)[]): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  closers.push(() => socket.close());
  return socket;
}
