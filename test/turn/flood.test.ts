import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { connectClient, startServer } from './support/turn-lab.ts';

const SOURCES = 40;
const DATAGRAMS = 40_000;
const AT_ONCE = 500;
const BURST = 20;
const PER_SEC = 10;
/** Stated in SECURITY.md. */
const FACTOR = 7;

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

interface Source {
  readonly socket: Socket;
  answers: number;
  bytes: number;
}

/** Linux takes every address of 127.0.0.0/8 for its own. */
async function openSource(number: number): Promise<Source> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  sockets.push(socket);
  await new Promise<void>((resolve) => {
    socket.bind(0, `127.0.1.${number + 1}`, resolve);
  });
  const source = { socket, answers: 0, bytes: 0 };
  socket.on('message', (bytes) => {
    source.answers += 1;
    source.bytes += bytes.length;
  });
  return source;
}

const linuxOnly = process.platform === 'linux' ? it : it.skip;

linuxOnly(
  'a flood over sockets draws so many answers for each source and no more, and a client is served beside it',
  async () => {
    const server = await startServer({ answerLimit: { perSec: PER_SEC, burst: BURST, sources: 1000, exempt: [] } });
    const { port } = server.addresses[0]!;
    const client = await connectClient(server);
    await client.allocate();
    const sources = await Promise.all(Array.from({ length: SOURCES }, (_, i) => openSource(i)));
    const allocate = new StunWriter(Method.Allocate, 'request', Buffer.alloc(12, 1)).finish();
    const binding = new StunWriter(Method.Binding, 'request', Buffer.alloc(12, 2)).finish();

    const startMs = performance.now();
    for (let sent = 0; sent < DATAGRAMS; sent++) {
      sources[sent % SOURCES]!.socket.send(sent % 3 === 0 ? binding : allocate, port, '127.0.0.1');
      if (sent % AT_ONCE === 0) await sleep(1);
      if (sent % (DATAGRAMS / 4) === 0) await client.refresh(600);
    }
    await client.refresh(600);
    await sleep(100);

    const seconds = (performance.now() - startMs) / 1000;
    const allowed = BURST + PER_SEC * (seconds + 1);
    for (const { answers } of sources) {
      expect(answers).toBeGreaterThan(0);
      expect(answers).toBeLessThanOrEqual(allowed);
    }
    const answered = sources.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(answered).toBeLessThan((FACTOR * DATAGRAMS * allocate.length) / 10);
    const { drops, limitedSources, allocations } = server.stats()!;
    expect(drops['answer-limit']).toBeGreaterThan(0);
    expect(limitedSources).toBeLessThanOrEqual(SOURCES + 1);
    expect(allocations).toBe(1);
  },
  120_000,
);
