import { silentLogger } from '../../../src/base/logger.ts';
import { type DataPlaneSink } from '../../../src/turn/contract/data-plane-sink.ts';
import { ClientSockets } from '../../../src/turn/dataplane/node/client-sockets.ts';
import { ClientTurns } from '../../../src/turn/dataplane/node/client-turns.ts';
import { NodeDataPlane } from '../../../src/turn/dataplane/node/node-data-plane.ts';
import { DropCounters } from '../../../src/turn/dataplane/shared/drop-counters.ts';
import { ReceiveBatch } from '../../../src/turn/kernel/receive-batch.ts';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';
import { type KernelUdp } from '../../../src/turn/kernel/udp.ts';
import { FairShares } from '../../../src/turn/transports/fair-shares.ts';
import { UdpListener } from '../../../src/turn/transports/udp-listener.ts';
import { plainCrossing } from '../contract/plain-crossing.ts';
import { RELAYED, type HeardEvents, type PlaneWorld } from './plane-world.ts';
import { udpClientOf, udpPeer } from './udp-parties.ts';

const NOW_MS = 1_000_000;

/** The node plane with a UDP listener on loopback; `kernel`: over the system calls of it. */
export function openNodeWorld(
  heard: HeardEvents,
  listening: DataPlaneSink,
  kernel: KernelUdp | undefined,
): Promise<PlaneWorld> {
  const sink = plainCrossing(listening);
  const nowMs = (): number => NOW_MS;
  const shared = { sink, clients: new ClientSockets(), turns: new ClientTurns(), drops: new DropCounters() };
  const node = new NodeDataPlane(
    {
      addresses: [{ family: 4, address: RELAYED[4], advertised: RELAYED[4] }],
      socketBufferBytes: 0,
      clockResolutionMs: 0,
    },
    { ...shared, logger: silentLogger, kernel, nowMs },
  );
  const calls = kernel && loadSystemCalls();
  const listener = new UdpListener(
    { family: 4, address: '127.0.0.1', port: 0 },
    { socketBufferBytes: 0, kernel, batch: calls?.ok ? new ReceiveBatch(calls.value, 32, 0) : undefined },
    { ...shared, clientData: node, logger: silentLogger, shares: new FairShares(undefined, nowMs), nowMs },
  );
  const closers: (() => void)[] = [];
  return Promise.resolve({
    plane: plainCrossing(node),
    heard,
    nowMs,
    client: () => udpClientOf(listener.local, heard, closers),
    peer: () => udpPeer(closers),
    close: async () => {
      for (const close of closers) close();
      node.close();
      await listener.close();
    },
  });
}
