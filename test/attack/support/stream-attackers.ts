import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { count, inWaves, sourceAddress, type Campaign } from './campaign.ts';
import { type Random } from './random.ts';
import { channelData, mutated, validMessage } from './stun-messages.ts';

const PAUSE_MS = 60;
/** Connections of each kind of misbehaviour at a time. */
const HELD = 20;
const LIFE_MS = 4000;

type Misbehave = (socket: Socket, random: Random) => void | Promise<void>;

/** What is written on a connection to the TURN or the HTTPS listener, over TCP or TLS. */
const MISBEHAVIOURS: readonly Misbehave[] = [
  // Noise
  (socket, random) => {
    for (let i = 0; i < 10; i++) socket.write(random.bytes(random.below(3000)));
  },
  // Frames, good and bad, cut at arbitrary places
  async (socket, random) => {
    const frames = Array.from({ length: 60 }, () => {
      const message = validMessage(random, undefined);
      return random.chance(0.3) ? mutated(message, random) : random.chance(0.2) ? channelData(random) : message;
    });
    const bytes = Buffer.concat(frames);
    for (let at = 0; at < bytes.length && !socket.destroyed;) {
      const end = at + random.between(1, 2000);
      socket.write(bytes.subarray(at, end));
      at = end;
      if (random.chance(0.2)) await sleep(random.below(20));
    }
  },
  // A length that never comes
  (socket, random) => {
    const head = validMessage(random, undefined);
    head.writeUInt16BE(0xfffc, 2);
    socket.write(head);
  },
  // Byte by byte
  async (socket, random) => {
    for (const byte of validMessage(random, undefined)) {
      if (socket.destroyed) return;
      socket.write(Buffer.of(byte));
      await sleep(20);
    }
  },
  // Half open
  (socket) => {
    socket.end();
  },
  // Never reads what it asked for
  (socket, random) => {
    socket.pause();
    const question = validMessage(random, undefined);
    for (let i = 0; i < 300; i++) socket.write(question);
  },
  // Silence
  () => undefined,
];

/** Connections that come, misbehave and are left standing or torn down, to every stream listener, from several addresses. */
export async function attackOverStreams(campaign: Campaign): Promise<void> {
  const { victim } = campaign;
  await Promise.all([
    attack(campaign, 'tcp', (host) => overTcp(victim.turn('tcp'), host)),
    attack(campaign, 'tls', (host) => overTls(victim.turn('tls'), host)),
    // No TLS at all where TLS is spoken
    attack(campaign, 'tls-garbage', (host) => overTcp(victim.turn('tls'), host)),
    attack(campaign, 'https', (host) => overTls(victim.https, host)),
    attack(campaign, 'https-garbage', (host) => overTcp(victim.https, host)),
  ]);
}

interface Connection {
  /** What is written on. */
  readonly stream: Socket;
  /** The TCP connection under it. */
  readonly tcp: Socket;
}

function overTcp(server: TransportAddress, localAddress: string): Connection {
  const { address: host, port } = server;
  const stream = connectTcp({ host, port, localAddress, noDelay: true });
  return { stream, tcp: stream };
}

function overTls(server: TransportAddress, localAddress: string): Connection {
  const { tcp } = overTcp(server, localAddress);
  return { stream: connectTls({ socket: tcp, rejectUnauthorized: false }), tcp };
}

async function attack(campaign: Campaign, name: string, open: (localAddress: string) => Connection): Promise<void> {
  const random = campaign.random.fork(name);
  const held = new Set<Socket>();
  await inWaves(campaign, PAUSE_MS, () => {
    if (held.size >= HELD) return;
    const { stream, tcp } = open(sourceAddress(20 + random.below(8)));
    const misbehave = random.pick(MISBEHAVIOURS);
    held.add(tcp);
    count(campaign, `${name} connections`);
    // The server may close at any time, and should.
    for (const socket of [stream, tcp]) socket.on('error', () => undefined);
    stream.resume();
    stream.once(stream === tcp ? 'connect' : 'secureConnect', () => void misbehave(stream, random));
    const life = setTimeout(() => {
      if (random.chance(0.5)) tcp.resetAndDestroy();
      else stream.destroy();
    }, random.below(LIFE_MS));
    tcp.once('close', () => {
      clearTimeout(life);
      held.delete(tcp);
    });
  });
  for (const socket of held) socket.destroy();
}
