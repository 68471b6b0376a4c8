import { describe, expect, it } from 'vitest';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

/** An edge whose issuer cannot take anything back, as a mistake of ours would have it. */
async function startMistaken(): Promise<EdgeServer> {
  const server = await startEdge(edgeOptions({ limits: { connections: 2 }, registration: { minExpiresSec: 1 } }));
  server.issuer.release = () => {
    throw new Error('mistake');
  };
  return server;
}

async function registered(server: EdgeServer, expires: number): Promise<Wic> {
  const wic = new Wic('alice', await server.connect());
  await wic.register({ expires });
  return wic;
}

describe('a mistake of ours is logged, and the process goes on, when it happens', () => {
  it('in the handling of a message', async () => {
    await using server = await startMistaken();
    const alice = await registered(server, 600);
    alice.send(alice.buildRegister());
    const challenge = await alice.socket.response(401);
    const request = alice.buildRegister({ expires: 0 });
    request.headers.append('Authorization', alice.authorization(challenge, request));
    alice.send(request);
    await expect.poll(() => server.errors).toMatchObject([{ err: new Error('mistake') }]);
    await registered(server, 600);
  });

  it('in a timer', async () => {
    await using server = await startMistaken();
    await registered(server, 1);
    await expect.poll(() => server.errors, { timeout: 3000 }).toMatchObject([{ err: new Error('mistake') }]);
    await registered(server, 600);
  });

  it('after the end of a connection', async () => {
    await using server = await startMistaken();
    for (let i = 0; i < 3; i++) {
      const alice = await registered(server, 600);
      await alice.socket.close();
      await expect.poll(() => server.edge.snapshot().flows).toEqual([]);
    }
    await expect.poll(() => server.errors).toMatchObject([{ err: new Error('mistake') }]);
    await registered(server, 600);
  });

  it('in an upgrade, whose socket is closed', async () => {
    await using server = await startMistaken();
    const emit = server.events.emit.bind(server.events);
    server.events.emit = (name, event) => {
      if (name === 'flow-opened') throw new Error('mistake');
      emit(name, event);
    };
    await (
      await server.connect()
    ).closed;
    expect(server.errors).toMatchObject([{ err: new Error('mistake') }]);
  });
});
