import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../src/stun/message.ts';
import { type TurnServer } from '../../../src/turn/turn-server.ts';
import { connectClient, startServer } from '../support/turn-lab.ts';
import { encodeRaw, type RawAttribute } from './hostile-message.ts';

const BINDING = 0x0001;
const SOFTWARE = 0x8022;
const WAIT_MS = 10_000;

interface Lie {
  readonly attributes?: readonly RawAttribute[];
  readonly header?: number;
  /** Bytes left off the end. */
  readonly cut?: number;
}

const software: RawAttribute = { type: SOFTWARE, value: Buffer.from('abcde') };

const LIES: readonly (readonly [what: string, lie: Lie])[] = [
  ...[-4, -1, 1, 2, 3, 4, 8, 0x7ff0, 0xffe0].map((header): readonly [string, Lie] => [
    `a header that is off by ${header}`,
    { attributes: [software], header },
  ]),
  ...[4, 8, 100, 0x7fff, 0xfff0].map((lie): readonly [string, Lie] => [
    `an attribute that is ${lie} bytes longer than the message`,
    { attributes: [{ ...software, lie }] },
  ]),
  ...[1, 2, 3].map((cut): readonly [string, Lie] => [
    `${cut} bytes of padding left out`,
    { attributes: [software], cut },
  ]),
];

function message(fill: number, { attributes = [], header = 0, cut = 0 }: Lie): Buffer {
  const bytes = encodeRaw({ type: BINDING, transactionId: Buffer.alloc(12, fill), attributes, lie: header });
  return bytes.subarray(0, bytes.length - cut);
}

function portOf(server: TurnServer, transport: 'udp' | 'tcp'): number {
  return server.addresses.find((at) => at.transport === transport)!.port;
}

const both = (['udp', 'tcp'] as const).map((transport) => ({ transport, address: '127.0.0.1', port: 0 }));

describe('lengths and padding that lie', () => {
  it.each(LIES)('over UDP: %s gets no answer, and the next message does', async (_what, lie) => {
    const server = await startServer({ listeners: both });
    const socket = createSocket('udp4');
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(WAIT_MS) }) as Promise<[Buffer]>;
    socket.send(message(1, lie), portOf(server, 'udp'), '127.0.0.1');
    socket.send(message(2, { attributes: [software] }), portOf(server, 'udp'), '127.0.0.1');
    const [first] = await answered;
    socket.close();
    expect(first.subarray(8, 20)).toEqual(Buffer.alloc(12, 2));
  });

  it.each([0x00, 0xff, 0x41])('over UDP: padding of bytes %i is padding, whatever it holds', async (padding) => {
    const server = await startServer({ listeners: both });
    const socket = createSocket('udp4');
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(WAIT_MS) }) as Promise<[Buffer]>;
    socket.send(message(1, { attributes: [{ ...software, padding }] }), portOf(server, 'udp'), '127.0.0.1');
    const [answer] = await answered;
    socket.close();
    expect(decodeMessage(answer)).toMatchObject({ ok: true, value: { messageClass: 'success' } });
  });

  it.each(LIES)('over TCP, byte by byte: %s keeps no other connection from its answer', async (_what, lie) => {
    const server = await startServer({ listeners: both });
    const liar = connect({ port: portOf(server, 'tcp'), host: '127.0.0.1', noDelay: true });
    liar.on('error', () => undefined);
    await once(liar, 'connect');
    const heard: Buffer[] = [];
    liar.on('data', (chunk: Buffer) => heard.push(chunk));
    for (const byte of message(1, lie)) {
      liar.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const client = await connectClient(server, { transport: 'tcp' });
    expect((await client.binding()).messageClass).toBe('success');
    expect(heard).toEqual([]);
    liar.destroy();
    expect(server.stats()!.drops).not.toHaveProperty('engine-error');
  });

  it('over TCP: connections that stop at every byte of a request hold no more than those bytes, and go with the client', async () => {
    const server = await startServer({ listeners: both });
    const whole = message(3, { attributes: [software] });
    const half = await Promise.all(
      Array.from(whole, async (_byte, length) => {
        const socket = connect({ port: portOf(server, 'tcp'), host: '127.0.0.1' });
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        socket.write(whole.subarray(0, length));
        return socket;
      }),
    );
    const client = await connectClient(server, { transport: 'tcp' });
    expect((await client.binding()).messageClass).toBe('success');
    for (const socket of half) socket.destroy();
    client.close();
    await expect.poll(() => server.stats()?.connections, { timeout: WAIT_MS }).toBe(0);
  });
});
