import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeSockaddr } from '../../../src/turn/kernel/sockaddr.ts';
import { kernelUdp } from '../../../src/turn/kernel/udp.ts';
import { ReceiveBatch } from '../../../src/turn/kernel/receive-batch.ts';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';
import { ClientLeg } from '../../../src/turn/dataplane/node/relay-state.ts';
import { UdpListener } from '../../../src/turn/transports/udp-listener.ts';
import { bindingRequest, channelFrame, heard, type Heard, Linked, udpClient } from './support.ts';

const until = vi.waitUntil;
const LOCAL = { family: 4, address: '127.0.0.1', port: 0 } as const;

let ports: Heard;
let listener: UdpListener;
let client: Awaited<ReturnType<typeof udpClient>>;

beforeEach(async () => {
  ports = heard();
  listener = new UdpListener(LOCAL, { socketBufferBytes: 0 }, ports);
  client = await udpClient(listener.local);
});

afterEach(async () => {
  client.close();
  await listener.close();
});

async function pathOfClient(): Promise<Linked> {
  client.send(bindingRequest());
  await until(() => ports.messages.length > 0);
  return new Linked(ports, ports.messages.shift()!.client);
}

it('gives STUN messages to the engine with the 5-tuple they came by', async () => {
  client.send(bindingRequest(7));
  await until(() => ports.messages.length === 1);
  const [{ client: path, bytes }] = ports.messages as [Heard['messages'][0]];
  expect(bytes).toEqual(bindingRequest(7));
  expect(path.transport).toBe('udp');
  expect(path.local).toEqual(listener.local);
  expect(path.remote).toEqual({ family: 4, address: '127.0.0.1', port: client.port });
});

it('makes paths of one 5-tuple equal in key, and of two clients different', async () => {
  const first = await pathOfClient();
  const again = await pathOfClient();
  const other = await udpClient(listener.local);
  other.send(bindingRequest());
  await until(() => ports.messages.length === 1);
  expect(again.key).toBe(first.key);
  expect(ports.messages[0]!.client.key).not.toBe(first.key);
  other.close();
});

it('finds the leg of a 5-tuple through any path of it, until it is taken off', async () => {
  const first = await pathOfClient();
  const leg = new ClientLeg(first);
  first.leg = leg;
  const again = await pathOfClient();
  expect(again.leg).toBe(leg);
  again.leg = undefined;
  expect(first.leg).toBeUndefined();
});

it('gives ChannelData of a client with an allocation to the fast path, and else to the engine', async () => {
  client.send(channelFrame(0x4000, 'no allocation'));
  await until(() => ports.messages.length === 1);
  const path = new Linked(ports, ports.messages[0]!.client);
  path.leg = new ClientLeg(path);
  client.send(channelFrame(0x4fff, 'relay'));
  await until(() => ports.forwarded.length === 1);
  ports.takes = false;
  client.send(channelFrame(0x4001, 'no such channel'));
  await until(() => ports.messages.length === 2);
});

it.each([4, 20, 63, 128, 255])('drops and counts a datagram that begins with %i', async (firstByte) => {
  client.send(Buffer.concat([Buffer.from([firstByte]), Buffer.alloc(19)]));
  await until(() => ports.drops.snapshot()['unknown-first-byte'] === 1);
  expect(ports.messages).toEqual([]);
});

it('drops an empty datagram', async () => {
  client.send(Buffer.alloc(0));
  await until(() => ports.drops.snapshot()['unknown-first-byte'] === 1);
});

it('sends ChannelData without padding, from any part of a buffer and of any kind of array', async () => {
  const path = await pathOfClient();
  expect(path.sendChannelData(0x4abc, Buffer.from('..hello..'), 2, 5)).toBe(true);
  expect(path.sendChannelData(0x4abd, new Uint8Array([1, 2, 3]), 1, 2)).toBe(true);
  await until(() => client.received.length === 2);
  expect(client.received[0]!.toString('hex')).toBe('4abc0005' + Buffer.from('hello').toString('hex'));
  expect(client.received[1]!.toString('hex')).toBe('4abd00020203');
});

it('takes the largest datagram and drops what is larger', async () => {
  const path = await pathOfClient();
  expect(path.sendChannelData(0x4000, Buffer.alloc(65_504), 0, 65_504)).toBe(false);
  expect(path.sendChannelData(0x4000, Buffer.alloc(65_503), 0, 65_503)).toBe(true);
  path.send(Buffer.alloc(65_508));
  await until(() => client.received.length === 1);
  expect(client.received[0]!.length).toBe(65_507);
  expect(ports.drops.snapshot()['too-large']).toBe(2);
});

it('sends what was answered before it closes, and in order', async () => {
  const path = await pathOfClient();
  for (let i = 0; i < 200; i++) path.send(Buffer.from([i]));
  await listener.close();
  await until(() => client.received.length === 200);
  expect(client.received.map((bytes) => bytes[0])).toEqual(Array.from({ length: 200 }, (_, i) => i));
  listener = new UdpListener(LOCAL, { socketBufferBytes: 0 }, ports);
});

it('takes a send after close as nothing', async () => {
  const path = await pathOfClient();
  const closing = listener.close();
  path.send(Buffer.from('x'));
  expect(path.sendChannelData(0x4000, Buffer.from('x'), 0, 1)).toBe(false);
  await closing;
  listener = new UdpListener(LOCAL, { socketBufferBytes: 0 }, ports);
});

it('serves IPv6', async () => {
  const listener6 = new UdpListener({ family: 6, address: '::1', port: 0 }, { socketBufferBytes: 0 }, ports);
  const client6 = await udpClient(listener6.local);
  client6.send(bindingRequest());
  await until(() => ports.messages.length === 1);
  const path = new Linked(ports, ports.messages[0]!.client);
  expect(path.remote).toEqual({ family: 6, address: '::1', port: client6.port });
  path.sendChannelData(0x4000, Buffer.from('six!'), 0, 4);
  await until(() => client6.received.length === 1);
  client6.close();
  await listener6.close();
});

it('says in one line which listener could not be opened and what to do', () => {
  const taken = (): UdpListener => new UdpListener(listener.local, { socketBufferBytes: 0 }, ports);
  expect(taken).toThrow(expect.objectContaining({ code: 'ERR_ADDRESS_IN_USE' }));
  expect(taken).toThrow(
    `TURN udp listener 127.0.0.1:${listener.local.port}: port ${listener.local.port} is in use; stop the program that holds it ` +
      'or choose another port in turn.listeners (EADDRINUSE)',
  );
  const foreign = { family: 4, address: '192.0.2.1', port: 0 } as const;
  expect(() => new UdpListener(foreign, { socketBufferBytes: 0 }, ports)).toThrow(
    expect.objectContaining({ code: 'ERR_ADDRESS_UNAVAILABLE' }),
  );
});

const kernel = kernelUdp();
const calls = loadSystemCalls();

describe.skipIf(!kernel || !calls.ok)('while peers keep the event loop busy', () => {
  const DATAGRAMS = 50;

  /** A listener at which datagrams wait that the event loop has not read. */
  function busy(): UdpListener {
    if (!kernel || !calls.ok) throw new Error('no system calls');
    const batch = new ReceiveBatch(calls.value, 32, 0);
    const waiting = new UdpListener(LOCAL, { socketBufferBytes: 0, kernel, batch }, ports);
    const sender = kernel.open(4, '127.0.0.1', 0, false);
    const to = encodeSockaddr(waiting.local);
    for (let i = 0; i < DATAGRAMS; i++) expect(kernel.send(sender, to, bindingRequest(i))).toBe(0);
    return waiting;
  }

  function servePeers(datagrams: number): void {
    for (let i = 0; i < datagrams; i++) ports.turns.spend();
  }

  it('has its turn among their datagrams, as many for as many, in the order they came', async () => {
    const waiting = busy();
    servePeers(31);
    expect(ports.messages).toHaveLength(0);
    servePeers(1);
    expect(ports.messages.map(({ bytes }) => bytes[19])).toEqual(Array.from({ length: 32 }, (_, i) => i));
    servePeers(32);
    expect(ports.messages).toHaveLength(DATAGRAMS);
    const [first, second] = ports.messages;
    expect(first?.client.key).toBe(second?.client.key);
    await waiting.close();
  });

  it('gives its engine bytes that stay, since a request may wait for its credentials', async () => {
    const kept: Buffer[] = [];
    ports.onMessage = (_client, bytes) => kept.push(bytes);
    const waiting = busy();
    servePeers(64);
    expect(kept.map((bytes) => bytes[19])).toEqual(Array.from({ length: DATAGRAMS }, (_, i) => i));
    await waiting.close();
  });

  it('has no turn once it is closed, from within a turn or not', async () => {
    const waiting = busy();
    let closing: Promise<void> | undefined;
    ports.onMessage = () => {
      closing ??= waiting.close();
    };
    servePeers(64);
    expect(ports.messages).toHaveLength(1);
    await closing;
    servePeers(64);
    expect(ports.messages).toHaveLength(1);
  });

  it('reads what stands behind a datagram with it, and the next one as well', async () => {
    const waiting = busy();
    await until(() => ports.messages.length === DATAGRAMS);
    expect(ports.messages.map(({ bytes }) => bytes[19])).toEqual(Array.from({ length: DATAGRAMS }, (_, i) => i));
    await waiting.close();
  });
});
