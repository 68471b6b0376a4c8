import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { type DataPlaneSink } from '../../../src/turn/contract/data-plane-sink.ts';
import { openDataPlanes } from '../../../src/turn/data-planes.ts';
import { ClientSockets } from '../../../src/turn/dataplane/node/client-sockets.ts';
import { ClientTurns } from '../../../src/turn/dataplane/node/client-turns.ts';
import { DropCounters } from '../../../src/turn/dataplane/shared/drop-counters.ts';
import { plainCrossing } from '../contract/plain-crossing.ts';
import { turnServerOptions } from '../support/options.ts';
import { RELAYED, type HeardEvents, type PlaneWorld } from './plane-world.ts';
import { udpClientOf, udpPeer } from './udp-parties.ts';

/** The plane of `turn.dataPlane: batch` with a UDP listener on loopback and so many threads. */
export async function openBatchWorld(
  heard: HeardEvents,
  listening: DataPlaneSink,
  shards: number,
): Promise<PlaneWorld> {
  const planes = await openDataPlanes(
    turnServerOptions({ dataPlane: 'batch', shards }),
    [{ family: 4, address: RELAYED[4], advertised: RELAYED[4] }],
    {
      sink: plainCrossing(listening),
      clients: new ClientSockets(),
      turns: new ClientTurns(),
      drops: new DropCounters(),
      logger: silentLogger,
      clock: systemClock,
      isSystemClock: true,
      wrap: undefined,
      onFailed: (error) => {
        throw error;
      },
    },
  );
  const listener = planes.openUdp?.({ family: 4, address: '127.0.0.1', port: 0 }, { socketBufferBytes: 0 });
  if (!listener) throw new Error('the plane is not batch');
  const closers: (() => void)[] = [];
  return {
    plane: plainCrossing(planes.plane),
    heard,
    nowMs: () => systemClock.now().monotonicMs,
    client: () => udpClientOf(listener.local, heard, closers),
    peer: () => udpPeer(closers),
    close: async () => {
      for (const close of closers) close();
      await listener.close();
      await planes.close();
    },
  };
}
