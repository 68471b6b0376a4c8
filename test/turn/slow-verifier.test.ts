import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { ok } from '../../src/base/result.ts';
import { type CredentialVerifier } from '../../src/credentials/credential.ts';
import { connectionId } from '../../src/stun/attributes/rfc6062.ts';
import { xorPeerAddress } from '../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../src/stun/message-type.ts';
import { kernelTcp } from '../../src/turn/kernel/tcp.ts';
import { DataConnection } from './support/data-connection.ts';
import { staticVerifier } from './support/static-verifier.ts';
import { connectClient, startServer } from './support/turn-lab.ts';

/** Two names of one user. */
const names = staticVerifier({ alice: 'alice-secret', 'alice-2': 'alice-2-secret' });

/** Answers after `delayMs` of real time. */
function after(delayMs: number): CredentialVerifier {
  return {
    lookup: (request, now) => ({
      later: (settle) => {
        setTimeout(() => {
          const found = names.lookup(request, now);
          settle(found.ok ? ok({ ...found.value, user: 'alice' }) : found);
        }, delayMs);
      },
    }),
  };
}

describe('a TURN server whose verifier answers later', () => {
  it.each(['udp', 'tcp'] as const)('serves over %s what it serves with another', async (transport) => {
    const server = await startServer(
      { listeners: [{ transport, address: '127.0.0.1', port: 0 }] },
      undefined,
      after(30),
    );
    const client = await connectClient(server, { transport });
    await client.allocate();
    expect(server.stats()).toMatchObject({ allocations: 1, waitingRequests: 0 });
  });

  it('forgets the request of a TCP client that closes meanwhile', async () => {
    const server = await startServer(
      { listeners: [{ transport: 'tcp', address: '127.0.0.1', port: 0 }] },
      undefined,
      after(300),
    );
    const client = await connectClient(server, { transport: 'tcp', waitMs: 200 });
    const failure = client.allocate().catch((error: unknown) => error);
    await vi.waitUntil(() => server.stats()?.waitingRequests === 1);
    client.close();
    await vi.waitUntil(() => server.stats()?.waitingRequests === 0);
    expect(await failure).toBeInstanceOf(Error);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(server.stats()?.allocations).toBe(0);
  });

  it.skipIf(!kernelTcp())('hands on what stands behind a ConnectionBind, however long that waits', async () => {
    const server = await startServer(
      { listeners: [{ transport: 'tcp', address: '127.0.0.1', port: 0 }] },
      undefined,
      after(100),
    );
    const client = await connectClient(server, { transport: 'tcp' });
    await client.allocate({ tcp: true });
    const peer = createServer((socket) => socket.pipe(socket));
    peer.listen(0, '127.0.0.1');
    await once(peer, 'listening');
    const { port } = peer.address() as AddressInfo;
    const asked = await client.request(Method.Connect, (request) =>
      request.add(xorPeerAddress, { family: 4, address: '127.0.0.1', port }),
    );
    const behind = Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(1000));
    // By the name of the allocation its key would be known, and nothing would wait.
    const where = { server: server.addresses[0]!, user: 'alice-2', behind };
    const { code, connection } = await DataConnection.bind(asked.get(connectionId)!, where);
    expect(code).toBe(0);
    expect((await connection.read(behind.length)).equals(behind)).toBe(true);
    connection.socket.destroy();
    peer.close();
  });
});
