import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AddressFamily } from '../../../../src/base/ip.ts';
import { DatagramDrain } from '../../../../src/turn/dataplane/node/datagram-drain.ts';
import { ReceiveBatch } from '../../../../src/turn/kernel/receive-batch.ts';
import { loadSystemCalls } from '../../../../src/turn/kernel/system-calls.ts';
import { kernelUdp } from '../../../../src/turn/kernel/udp.ts';

const BATCH = 8;
const HOST = { 4: '127.0.0.1', 6: '::1' } as const satisfies Record<AddressFamily, string>;
const kernel = kernelUdp();
const calls = loadSystemCalls();

describe.skipIf(!kernel || !calls.ok)('what waits at a socket', () => {
  const closers: (() => void)[] = [];
  let received: { bytes: string; address: string; port: number }[];

  beforeEach(() => {
    received = [];
  });

  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** A socket that the event loop does not read, and one that sends to it. */
  async function opened(family: AddressFamily): Promise<{
    drain: DatagramDrain;
    batch: ReceiveBatch;
    port: number;
    send: (...texts: string[]) => Promise<void>;
  }> {
    if (!kernel || !calls.ok) throw new Error('no system calls');
    const fd = kernel.openListener(family, HOST[family], 0, 0);
    const to = createSocket(family === 4 ? 'udp4' : 'udp6');
    to.bind({ fd, exclusive: true });
    const from = createSocket(family === 4 ? 'udp4' : 'udp6');
    await new Promise<void>((resolve) => from.bind(0, HOST[family], resolve));
    closers.push(
      () => to.close(),
      () => from.close(),
    );
    const batch = new ReceiveBatch(calls.value, BATCH, 0);
    const drain = new DatagramDrain(batch, fd, (bytes, address, port) => {
      received.push({ bytes: bytes.toString(), address, port });
    });
    const { port } = to.address();
    const send = async (...texts: string[]): Promise<void> => {
      await Promise.all(texts.map((text) => sent(from, text, port, HOST[family])));
    };
    return { drain, batch, port: from.address().port, send };
  }

  it.each([4, 6] as const)('is taken in order, with its senders, over IPv%i', async (family) => {
    const { drain, port, send } = await opened(family);
    await send('one', '', 'three');
    expect(drain.take()).toBe(3);
    const sender = { address: HOST[family], port };
    expect(received).toEqual(['one', '', 'three'].map((bytes) => ({ bytes, ...sender })));
    expect(drain.take()).toBe(0);
  });

  it('is taken a batch at a time', async () => {
    const { drain, send } = await opened(4);
    await send(...Array.from({ length: BATCH + 2 }, (_, i) => String(i)));
    expect([drain.take(), drain.take(), drain.take()]).toEqual([BATCH, 2, 0]);
    expect(received.map(({ bytes }) => bytes)).toEqual(Array.from({ length: BATCH + 2 }, (_, i) => String(i)));
  });

  it('is looked for ever more seldom where datagrams stand alone, and at each one once some stand in a row', async () => {
    const { drain, batch, send } = await opened(4);
    let looks = 0;
    const receive = batch.receive.bind(batch);
    batch.receive = (...args) => {
      looks += 1;
      return receive(...args);
    };
    for (let i = 0; i < 160; i++) drain.takeBehind();
    expect(looks).toBeLessThanOrEqual(14);
    await send('one', 'two');
    while (received.length === 0) drain.takeBehind();
    looks = 0;
    drain.takeBehind();
    expect(looks).toBe(1);
  });

  it('is left to the event loop for as many datagrams as a full batch had', async () => {
    const { drain, send } = await opened(4);
    await send(...Array.from({ length: BATCH + 1 }, (_, i) => String(i)));
    drain.takeBehind();
    expect(received).toHaveLength(BATCH);
    for (let i = 0; i < BATCH; i++) drain.takeBehind();
    expect(received).toHaveLength(BATCH);
    drain.takeBehind();
    expect(received).toHaveLength(BATCH + 1);
  });
});

function sent(from: Socket, text: string, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    from.send(Buffer.from(text), port, host, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
