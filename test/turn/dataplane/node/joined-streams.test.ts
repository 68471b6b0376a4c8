import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { JoinedStreams } from '../../../../src/turn/dataplane/node/joined-streams.ts';
import { RoundRobin } from '../../../../src/turn/dataplane/shared/round-robin.ts';

const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

/** Both ends of a TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const outer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [inner] = (await once(server, 'connection')) as [Socket];
  server.close();
  opened.push(outer, inner);
  return [outer, inner];
}

const SHARE = { unitsPerTurn: 64, unitsPerSlice: 8 };
const OPTIONS = { bufferedBytes: 65_536, stuckSec: 10 };

describe('two joined streams', () => {
  it('lose nothing of what is over the bandwidth and pass it on in order once there is room', async () => {
    const [client, clientInner] = await pair();
    const [peer, peerInner] = await pair();
    let asked = 0;
    const carried: number[] = [];
    const toPeer = (bytes: number): boolean => {
      const room = ++asked % 3 === 0;
      if (room) carried.push(bytes);
      return room;
    };
    const joined = new JoinedStreams(
      clientInner,
      peerInner,
      { toPeer, toClient: () => true },
      OPTIONS,
      new RoundRobin(SHARE),
    );
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    client.end(sent);
    const got: Buffer[] = [];
    for await (const chunk of peer) got.push(chunk as Buffer);
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    expect(carried.reduce((sum, bytes) => sum + bytes, 0)).toBe(sent.length);
    joined.destroy();
  });

  it('are stuck when one side takes nothing of what waits for so long, and not before or without', async () => {
    const [client, clientInner] = await pair();
    const [peer, peerInner] = await pair();
    const room = { toPeer: () => true, toClient: () => true };
    const joined = new JoinedStreams(clientInner, peerInner, room, OPTIONS, new RoundRobin(SHARE));
    expect(joined.overdue(0)).toBeUndefined();
    expect(joined.overdue(1_000_000)).toBeUndefined();
    peer.pause();
    const piece = Buffer.alloc(65_536);
    while (!clientInner.isPaused()) {
      if (!client.write(piece)) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peerInner.writableLength).toBeLessThanOrEqual(OPTIONS.bufferedBytes + 2 * 65_536);
    expect(joined.overdue(2_000_000)).toBeUndefined();
    expect(joined.overdue(2_009_999)).toBeUndefined();
    expect(joined.overdue(2_010_000)).toBe('stuck');
    joined.destroy();
  });

  const room = { toPeer: () => true, toClient: () => true };

  it('are half-open when one side has ended and the other says nothing for ten seconds', async () => {
    const [client, clientInner] = await pair();
    const [peer, peerInner] = await pair();
    const joined = new JoinedStreams(clientInner, peerInner, room, OPTIONS, new RoundRobin(SHARE));
    client.end('asked');
    const ended = once(peer, 'end');
    peer.resume();
    await ended;
    expect(joined.overdue(1_000_000)).toBeUndefined();
    expect(joined.overdue(1_009_999)).toBeUndefined();
    expect(joined.overdue(1_010_000)).toBe('half-open');
    joined.destroy();
  });

  it('live on half-open while the direction that is left is used', async () => {
    const [client, clientInner] = await pair();
    const [peer, peerInner] = await pair();
    const joined = new JoinedStreams(clientInner, peerInner, room, OPTIONS, new RoundRobin(SHARE));
    client.end();
    peer.resume();
    await once(peer, 'end');
    let nowMs = 1_000_000;
    for (let i = 0; i < 5; i++) {
      peer.write('still here');
      await once(client, 'data');
      expect(joined.overdue((nowMs += 9_000))).toBeUndefined();
    }
    expect(joined.overdue(nowMs + 10_000)).toBe('half-open');
    joined.destroy();
  });

  it('are not half-open while both may speak, however quiet they are', async () => {
    const [, clientInner] = await pair();
    const [, peerInner] = await pair();
    const joined = new JoinedStreams(clientInner, peerInner, room, OPTIONS, new RoundRobin(SHARE));
    for (let nowMs = 0; nowMs < 100_000; nowMs += 1_000) expect(joined.overdue(nowMs)).toBeUndefined();
    joined.destroy();
  });

  it('carry no more in one turn of the event loop than their share, and all of it in the end', async () => {
    const [client, clientInner] = await pair();
    const [peer, peerInner] = await pair();
    const perTurn: number[] = [];
    let now = 0;
    const toPeer = (bytes: number): boolean => {
      if (now === 0) setImmediate(() => perTurn.push(now) && (now = 0));
      now += bytes;
      return true;
    };
    const round = new RoundRobin({ unitsPerTurn: 8, unitsPerSlice: 8 });
    const joined = new JoinedStreams(clientInner, peerInner, { ...room, toPeer }, OPTIONS, round);
    client.end(Buffer.alloc(8_000_000));
    let got = 0;
    for await (const chunk of peer) got += (chunk as Buffer).length;
    expect(got).toBe(8_000_000);
    // What is left of one turn and all of the next, in which the last read of the kernel may go over.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(2 * (8 * 16_384 + 65_536));
    joined.destroy();
  });
});
