import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { JoinedStreams } from '../../../src/turn/dataplane/joined-streams.ts';

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
    const joined = new JoinedStreams(clientInner, peerInner, { toPeer, toClient: () => true }, OPTIONS);
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
    const joined = new JoinedStreams(clientInner, peerInner, room, OPTIONS);
    expect(joined.isStuck(0)).toBe(false);
    expect(joined.isStuck(1_000_000)).toBe(false);
    peer.pause();
    const piece = Buffer.alloc(65_536);
    while (!clientInner.isPaused()) {
      if (!client.write(piece)) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peerInner.writableLength).toBeLessThanOrEqual(OPTIONS.bufferedBytes + 2 * 65_536);
    expect(joined.isStuck(2_000_000)).toBe(false);
    expect(joined.isStuck(2_009_999)).toBe(false);
    expect(joined.isStuck(2_010_000)).toBe(true);
    joined.destroy();
  });
});
