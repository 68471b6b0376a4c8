import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type EdgeWrap } from '../../src/edge/edge-wrap.ts';
import { edgeOptions } from './support/edge-options.ts';
import { startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

const PATIENT = { timeout: 10_000 };

describe('an operator who closes a flow', () => {
  it.each([
    { how: {}, code: 1000, reason: 'operator' },
    { how: { code: 1012 }, code: 1012, reason: 'operator' },
    { how: { code: 4999, reason: 'ä'.repeat(61) }, code: 4999, reason: 'ä'.repeat(61) },
  ])('has the client told $how, and ends its registration', async ({ how, code, reason }) => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    await alice.register();
    const closed = once(alice.socket.webSocket, 'close') as Promise<[number, Buffer]>;
    const id = server.edge.snapshot().flows[0]?.id ?? '';
    expect(server.edge.closeFlow(id, how)).toBe(true);
    expect(server.edge.closeFlow(id, how)).toBe(false);
    const [seenCode, seenReason] = await closed;
    expect([seenCode, seenReason.toString()]).toEqual([code, reason]);
    expect(server.events.named('flow-closed')).toEqual([{ flowId: id, cause: 'operator', code }]);
    expect(server.events.named('unregistered')).toMatchObject([{ flowId: id, cause: 'flow-closed' }]);
    await expect.poll(() => server.edge.snapshot().flows, PATIENT).toEqual([]);
  });

  it('can cut it, which the client sees as 1006', async () => {
    await using server = await startEdge(edgeOptions());
    const socket = await server.connect();
    const id = server.edge.snapshot().flows[0]?.id ?? '';
    expect(server.edge.closeFlow(id, 'cut')).toBe(true);
    expect(await socket.closed).toBe(1006);
    expect(server.events.named('flow-closed')).toEqual([{ flowId: id, cause: 'operator', code: 1006 }]);
  });

  it('can do so while a request of that flow is worked on', async () => {
    let close: () => unknown = () => undefined;
    const wrap: EdgeWrap = {
      requests: (handler) => ({
        begin: (received) => {
          close();
          return handler.begin(received);
        },
        forwardAck: (...ack) => {
          handler.forwardAck(...ack);
        },
      }),
    };
    await using server = await startEdge(edgeOptions(), { wrap });
    const alice = new Wic('alice', await server.connect());
    close = () => server.edge.closeFlow(server.edge.snapshot().flows[0]?.id ?? '', 'cut');
    alice.send(alice.buildRegister());
    expect(await alice.socket.closed).toBe(1006);
    expect(alice.socket.frames).toEqual([]);
    expect(server.errors).toEqual([]);
    expect(server.edge.snapshot()).toMatchObject({ flows: [], registrations: [], transactions: 0 });
  });

  it('is told that there is no such flow', async () => {
    await using server = await startEdge(edgeOptions());
    expect(server.edge.closeFlow('none')).toBe(false);
    expect(server.edge.closeFlow('none', 'cut')).toBe(false);
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 1500, 2999, 5000, 1000.5, Number.NaN])(
    'cannot send the code %d',
    async (code) => {
      await using server = await startEdge(edgeOptions());
      expect(() => server.edge.closeFlow('none', { code })).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_ARGUMENT',
          message: `closeFlow: expected a close code 1000-1003, 1007-1014 or 3000-4999, got ${code}`,
        }) as Error,
      );
    },
  );

  it('cannot send a reason beyond 123 bytes', async () => {
    await using server = await startEdge(edgeOptions());
    expect(() => server.edge.closeFlow('none', { reason: 'ä'.repeat(62) })).toThrow(
      'closeFlow: expected a reason of up to 123 bytes, got 124',
    );
  });
});
