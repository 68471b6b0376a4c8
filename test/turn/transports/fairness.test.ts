import { connect as tcpConnect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ClientLeg } from '../../../src/turn/dataplane/node/relay-state.ts';
import {
  StreamListener,
  streamLimits,
  type StreamListenerOptions,
} from '../../../src/turn/transports/stream-listener.ts';
import { type UnprovenAllowanceOptions } from '../../../src/turn/transports/unproven-allowance.ts';
import { bindingRequest, channelFrame, heard, type Heard, Linked, streamOptions } from './support.ts';

const LOCAL = { family: 4, address: '127.0.0.1', port: 0 } as const;

let ports: Heard;
const listeners: StreamListener[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function listen(
  unproven?: Partial<UnprovenAllowanceOptions>,
  overrides: Partial<StreamListenerOptions> = {},
): Promise<StreamListener> {
  ports = heard(unproven && { perSec: 20, burst: 5, sources: 100, exempt: [], ...unproven });
  const options = streamOptions(overrides);
  const listener = await StreamListener.listen(LOCAL, undefined, options, streamLimits(options, ports), ports);
  listeners.push(listener);
  return listener;
}

function connect({ local }: StreamListener, localAddress = '127.0.0.1'): { socket: Socket; isClosed: () => boolean } {
  const socket = tcpConnect({ host: local.address, port: local.port, localAddress, noDelay: true });
  let isClosed = false;
  sockets.push(socket.on('error', () => undefined).on('close', () => (isClosed = true)));
  socket.resume();
  return { socket, isClosed: () => isClosed };
}

const until = (condition: () => boolean): Promise<boolean> => vi.waitUntil(condition, { timeout: 10_000, interval: 5 });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const requests = (count: number, fill = 0): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bindingRequest(fill)));

/** How many messages were served between one turn of the event loop and the next. */
function servedByTurn(): number[] {
  const turns: number[] = [];
  let served = 0;
  const { onMessage } = ports;
  ports.onMessage = (client, bytes) => {
    if (served === 0) {
      setImmediate(() => {
        turns.push(served);
        served = 0;
      });
    }
    served++;
    onMessage(client, bytes);
  };
  return turns;
}

describe('a stranger that floods', () => {
  it('has a few messages served in a turn of the event loop, and all of them in the end, in order', async () => {
    const listener = await listen();
    const turns = servedByTurn();
    const { socket } = connect(listener);
    socket.write(Buffer.concat(Array.from({ length: 2_000 }, (_, i) => bindingRequest(i % 256))));
    await until(() => ports.messages.length === 2_000);
    expect(ports.messages.map(({ bytes }) => bytes[19])).toEqual(Array.from({ length: 2_000 }, (_, i) => i % 256));
    expect(Math.max(...turns)).toBeLessThanOrEqual(32);
  });

  it('has no more served over a hundred connections than over one', async () => {
    const listener = await listen();
    const clients = Array.from({ length: 100 }, () => connect(listener));
    await until(() => listener.connectionCount === 100);
    const turns = servedByTurn();
    for (const { socket } of clients) socket.write(requests(50));
    await until(() => ports.messages.length === 5_000);
    expect(Math.max(...turns)).toBeLessThanOrEqual(32);
  });

  it('shares with other strangers: a later one is not behind all that an earlier one has sent', async () => {
    const listener = await listen();
    const first = connect(listener);
    const second = connect(listener);
    await until(() => listener.connectionCount === 2);
    first.socket.write(requests(20_000, 1));
    second.socket.write(bindingRequest(2));
    await until(() => ports.messages.length === 20_001);
    expect(ports.messages.findIndex(({ bytes }) => bytes[19] === 2)).toBeLessThan(20_000);
  });

  it('has nothing to do with how fast data of a client with an allocation is served', async () => {
    const listener = await listen();
    const client = connect(listener);
    client.socket.write(bindingRequest());
    await until(() => ports.messages.length === 1);
    const path = new Linked(ports, ports.messages[0]!.client);
    path.leg = new ClientLeg(path);
    const stranger = connect(listener);
    stranger.socket.write(requests(10_000));
    await until(() => ports.messages.length > 10);
    client.socket.write(channelFrame(0x4000, 'media'));
    await until(() => ports.forwarded.length === 1);
    expect(ports.messages.length).toBeLessThan(10_000);
  });

  it('is answered to the last message though it has ended its direction', async () => {
    const listener = await listen();
    ports.onMessage = (client) => {
      client.send(Buffer.from('pong'));
    };
    const { socket, isClosed } = connect(listener);
    let got = 0;
    socket.on('data', (chunk: Buffer) => (got += chunk.length));
    socket.end(requests(500));
    await until(isClosed);
    expect(got).toBe(500 * 4);
  });

  it('does not grow: no more is read of a connection than waits for its turn', async () => {
    const listener = await listen({ perSec: 1, burst: 1 });
    const { socket } = connect(listener);
    for (let i = 0; i < 400 && socket.write(requests(3_200)); i++) await pause(1);
    for (let i = 0; i < 200; i++) socket.write(requests(3_200));
    await pause(300);
    // What the kernel of either side does not hold stays with the sender.
    expect(socket.writableLength).toBeGreaterThan(1_000_000);
    expect(ports.messages.length).toBeLessThan(10);
  });
});

describe('the allowance of a source that proves nothing', () => {
  it('makes its connections wait, and closes none', async () => {
    const listener = await listen({});
    const clients = [connect(listener), connect(listener)];
    for (const { socket } of clients) socket.write(requests(100));
    await until(() => ports.messages.length >= 11);
    await pause(200);
    // Three for each connection, five at once for the address, one that each has to wait for, and 20 a second.
    expect(ports.messages.length).toBeLessThan(3 * 2 + 5 + 2 + 20);
    await until(() => ports.messages.length > 30);
    expect(clients.map(({ isClosed }) => isClosed())).toEqual([false, false]);
  });

  it('lets its connections take turns', async () => {
    const listener = await listen({});
    const clients = [1, 2, 3].map((fill) => ({ fill, ...connect(listener) }));
    for (const { socket, fill } of clients) socket.write(requests(100, fill));
    await until(() => ports.messages.length >= 40);
    const served = clients.map(({ fill }) => ports.messages.filter(({ bytes }) => bytes[19] === fill).length);
    expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(6);
  });

  it('costs nobody behind the same address who can prove who it is', async () => {
    const listener = await listen({ perSec: 1, burst: 1 });
    ports.onMessage = (client, bytes) => {
      if (bytes[19] === 7) client.connection.noteAuthenticated();
    };
    const stranger = connect(listener);
    stranger.socket.write(requests(1_000));
    await until(() => ports.messages.length >= 4);
    const honest = connect(listener);
    honest.socket.write(Buffer.concat([bindingRequest(6), requests(200, 7)]));
    await until(() => ports.messages.filter(({ bytes }) => bytes[19] === 7).length === 200);
    expect(ports.messages.filter(({ bytes }) => bytes[19] === 0).length).toBeLessThan(12);
  });

  it('is that of one address alone', async () => {
    const listener = await listen({ perSec: 1, burst: 1 });
    connect(listener).socket.write(requests(100));
    await until(() => ports.messages.length >= 4);
    connect(listener, '127.0.0.2').socket.write(requests(4, 9));
    await until(() => ports.messages.filter(({ bytes }) => bytes[19] === 9).length === 4);
  });

  it('is for data and indications of a client with an allocation no matter', async () => {
    const listener = await listen({ perSec: 1, burst: 1 });
    const { socket } = connect(listener);
    socket.write(bindingRequest());
    await until(() => ports.messages.length === 1);
    const path = new Linked(ports, ports.messages[0]!.client);
    path.leg = new ClientLeg(path);
    ports.takes = false;
    const indication = bindingRequest();
    indication.writeUInt16BE(0x0016, 0);
    socket.write(
      Buffer.concat([...Array<Buffer>(50).fill(indication), ...Array<Buffer>(50).fill(channelFrame(0x4001, 'x'))]),
    );
    await until(() => ports.messages.length === 101);
  });

  it('has no say over exempt addresses', async () => {
    const listener = await listen({ perSec: 1, burst: 1, exempt: ['127.0.0.0/8'] });
    connect(listener).socket.write(requests(100));
    await until(() => ports.messages.length === 100);
  });
});

describe('an address that connects too fast', () => {
  it('has its further connections closed before they cost anything, and others are let in', async () => {
    const rate = { perSec: 0.001, burst: 3, maxKeys: 64, exempt: ['127.0.0.99'] };
    const listener = await listen(undefined, { rate });
    const welcome = async (address: string): Promise<boolean[]> => {
      const answers: boolean[] = [];
      for (let i = 0; i < 5; i++) {
        const { socket, isClosed } = connect(listener, address);
        const before = ports.messages.length;
        socket.write(bindingRequest());
        await until(() => isClosed() || ports.messages.length > before);
        answers.push(!isClosed());
      }
      return answers;
    };
    expect(await welcome('127.0.0.66')).toEqual([true, true, true, false, false]);
    expect(await welcome('127.0.0.99')).toEqual([true, true, true, true, true]);
    expect(ports.drops.snapshot()['connection-limit']).toBe(2);
  });
});
