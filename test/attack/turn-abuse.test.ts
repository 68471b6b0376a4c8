import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  channelNumber,
  requestedAddressFamily,
  requestedTransport,
  xorPeerAddress,
} from '../../src/stun/attributes/rfc8656.ts';
import { transportAddress, type TransportAddress } from '../../src/base/transport-address.ts';
import { FamilyCode } from '../../src/stun/address-family.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { Random } from './support/random.ts';
import { UdpClient } from './support/udp-client.ts';
import { mintCredential, Victim, victimConfig, type Credential } from './support/victim.ts';

const random = new Random(8656);
const HOUR_SEC = 3600;
const UDP_PROTOCOL = 17;
const MEGABYTE = 2 ** 20;
const FORBIDDEN = 'Error: method 9: 403 Forbidden';
const FORBIDDEN_PEERS = {
  4: ['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.31.255.255', '192.168.0.1']
    .concat(['169.254.169.254', '169.254.0.1', '100.64.0.1', '100.100.100.200', '192.0.0.192'])
    .concat(['224.0.0.1', '240.0.0.1', '255.255.255.255']),
  6: ['::1', '::', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b:1::7f00:1']
    .concat(['2002:7f00:1::', '2001:0:1:2:3:4:80ff:fffe', 'fe80::5efe:127.0.0.1', '2600::5efe:127.0.0.1'])
    .concat(['fe80::1', 'fec0::1', 'fc00::1', 'ff02::1', 'fd00:ec2::254', '::169.254.169.254']),
};

describe('a TURN client that means harm', () => {
  let victim: Victim;

  beforeAll(async () => {
    const external = { '127.0.0.1': '8.8.4.4' };
    const relay = { addresses: ['127.0.0.1', '::1'], externalAddresses: external };
    victim = await Victim.start(victimConfig({ turn: { relay } }));
  });

  afterAll(async () => {
    await victim.stop();
  });

  function openUdp(credential: Credential = goodCredential()): Promise<UdpClient> {
    const server = victim.turn('udp');
    return UdpClient.open({ server, localAddress: '127.0.0.1', credential, random, patienceMs: 4000 });
  }

  it('gets no more than seven times what it sends, before it is authenticated', async () => {
    const socket = createSocket('udp4');
    const answers: number[] = [];
    socket.on('message', (bytes) => answers.push(bytes.length));
    const { port, address } = victim.turn('udp');
    const factors: number[] = [];
    for (const method of [...Object.values(Method), 0x0ff]) {
      const request = new StunWriter(method, 'request', random.bytes(12)).finish();
      answers.length = 0;
      socket.send(request, port, address);
      await sleep(100);
      factors.push(answers.reduce((sum, bytes) => sum + bytes, 0) / request.length);
    }
    socket.close();
    expect(Math.max(...factors)).toBeGreaterThan(1);
    expect(Math.max(...factors)).toBeLessThanOrEqual(7);
  });

  it('does not reach the network it runs in, over IPv4', async () => {
    const client = await openUdp();
    await client.turn.request(Method.Allocate, (request) => request.add(requestedTransport, UDP_PROTOCOL));
    const outcomes = new Set<string>();
    for (const address of FORBIDDEN_PEERS[4]) outcomes.add(await refusalOf(client, { family: 4, address, port: 53 }));
    client.close();
    expect([...outcomes]).toEqual([FORBIDDEN]);
  });

  it('does not reach the network it runs in, over IPv6 in any encoding', async () => {
    const client = await openUdp();
    const outcomes = new Set<string>();
    try {
      await client.turn.request(Method.Allocate, (request) =>
        request.add(requestedTransport, UDP_PROTOCOL).add(requestedAddressFamily, FamilyCode.IPv6),
      );
      for (const address of FORBIDDEN_PEERS[6]) outcomes.add(await refusalOf(client, { family: 6, address, port: 53 }));
    } catch (error) {
      // A machine without IPv6 has no IPv6 relay to abuse.
      expect(String(error)).toContain('440');
      outcomes.add(FORBIDDEN);
    }
    client.close();
    expect([...outcomes]).toEqual([FORBIDDEN]);
  });

  it('does not reach a listener by the external address of its host', async () => {
    const client = await openUdp();
    await client.turn.request(Method.Allocate, (request) => request.add(requestedTransport, UDP_PROTOCOL));
    const { port } = victim.turn('udp');
    expect(await refusalOf(client, transportAddress('8.8.4.4', port)!)).toContain('403');
    client.close();
  });

  it('does not fill the log of a default level by guessing passwords', async () => {
    const guesser = await openUdp({ ...goodCredential(), password: 'a guess' });
    const before = (await victim.status()).log.lines;
    const guesses = 200;
    for (let i = 0; i < guesses; i++) {
      await guesser.turn
        .request(Method.Allocate, (request) => request.add(requestedTransport, UDP_PROTOCOL))
        .catch(() => undefined);
    }
    guesser.close();
    const after = (await victim.status()).log.lines;
    expect(after.info + after.warn - before.info - before.warn).toBeLessThan(guesses / 4);
  });

  it('does not fill the log of a default level by asking for forbidden peers', async () => {
    const client = await openUdp();
    await client.turn.request(Method.Allocate, (request) => request.add(requestedTransport, UDP_PROTOCOL));
    const before = (await victim.status()).log.lines;
    const asked = 200;
    for (let i = 0; i < asked; i++) await refusalOf(client, transportAddress('127.0.0.1', 53)!);
    client.close();
    const after = (await victim.status()).log.lines;
    expect(after.info + after.warn - before.info - before.warn).toBeLessThan(asked / 4);
  });

  it('does not make the server hold more than half a megabyte for each connection that asks without reading', async () => {
    const connections = 48;
    const ask = (count: number) =>
      Promise.all(Array.from({ length: count }, () => askWithoutReading(victim.turn('tcp'))));
    // The first ones grow the heap for good.
    for (const socket of await ask(4)) socket.destroy();
    const before = await heldBytes(victim);
    const sockets = await ask(connections);
    const held = (await heldBytes(victim)) - before;
    for (const socket of sockets) socket.destroy();
    expect(held / MEGABYTE).toBeLessThan(connections / 2);
  }, 60_000);
});

/** What is reachable, on the heap and outside it; pages that the allocator keeps for later are not held by anybody. */
async function heldBytes(victim: Victim): Promise<number> {
  const { heapUsed, external } = (await victim.status(true)).memory;
  return heapUsed + external;
}

function goodCredential(): Credential {
  return mintCredential(Date.now() / 1000 + HOUR_SEC);
}

/** What a ChannelBind to `peer` is refused with. */
async function refusalOf(client: UdpClient, peer: TransportAddress): Promise<string> {
  return client.turn
    .request(Method.ChannelBind, (request) => request.add(channelNumber, 0x4000).add(xorPeerAddress, peer))
    .then(() => `${peer.address} was bound`)
    .catch(String);
}

/** Sends so many Binding requests that their answers fill every buffer on the way, and reads none of them. */
async function askWithoutReading({ address, port }: TransportAddress): Promise<Socket> {
  const socket = connect({ host: address, port });
  socket.on('error', () => undefined);
  socket.pause();
  const question = new StunWriter(Method.Binding, 'request', random.bytes(12)).finish();
  const questions = Buffer.concat(new Array<Buffer>(3000).fill(question));
  for (let i = 0; i < 60 && !socket.destroyed; i++) {
    if (!socket.write(questions))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), sleep(500)]);
  }
  return socket;
}
