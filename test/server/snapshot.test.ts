import { afterEach, describe, expect, it } from 'vitest';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type Server } from '../../src/index.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { DATA_PLANE } from '../support/data-plane.ts';

/** `auto` is `node`. */
const SERVES = DATA_PLANE === 'batch' ? 'batch' : 'node';
const EMPTY = { flows: [], registrations: [], allocations: [], stats: {} };
const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function build(edge: boolean): Promise<Server> {
  const config = {
    edge: { enabled: edge, listen: { addresses: ['127.0.0.1'], port: 0 }, demoPage: false },
    turn: {
      listeners: [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }],
      relay: { addresses: ['127.0.0.1'] },
      dataPlane: DATA_PLANE,
    },
  };
  const server = await createServer(config, { logger: silentLogger, state: new MemoryState() });
  running.push(server);
  return server;
}

describe('the snapshot of a server', () => {
  it('is empty unless it runs', async () => {
    const server = await build(true);
    expect(server.snapshot()).toEqual(EMPTY);
    await server.start();
    await server.stop();
    expect(server.snapshot()).toEqual(EMPTY);
  });

  it('shows edge and TURN server of the moment, as data that JSON holds whole', async () => {
    const server = await build(true);
    const { webSocket = '' } = await server.start();
    const wic = await WicSocket.connect(webSocket);
    const snapshot = server.snapshot();
    expect(snapshot).toMatchObject({
      flows: [{ remoteAddress: '127.0.0.1', secure: true }],
      registrations: [],
      allocations: [],
      stats: { turn: { allocations: 0, connections: 0, dataPlane: SERVES }, edge: { transactions: 0 } },
    });
    expect(JSON.parse(JSON.stringify(snapshot))).toMatchObject({ stats: snapshot.stats });
    wic.webSocket.terminate();
  });

  it('leaves out the edge that does not run', async () => {
    const server = await build(false);
    await server.start();
    expect(server.snapshot().stats).not.toHaveProperty('edge');
    expect(server.snapshot().stats).toHaveProperty('turn');
  });
});
