import { type TypedEvents } from '../base/typed-events.ts';
import { type AllocationStatus, type ReportedAllocation } from '../redis/allocation-status.ts';
import { type AllocationInfo, type TurnEvents } from '../turn/engine/observe/turn-events.ts';

/** Tells dashboards of coturn what the TURN server does. Returns a function that ends it. `defaultRealm`: that of the TURN server. */
export function reportAllocations(
  events: Pick<TypedEvents<TurnEvents>, 'on'>,
  status: AllocationStatus,
  defaultRealm: string,
): () => void {
  const reported = ({ allocationId, user, realm }: AllocationInfo): ReportedAllocation => ({
    allocationId,
    realm,
    user: realm === defaultRealm ? user : user.slice(0, -`@${realm}`.length),
  });
  const stops = [
    events.on('allocation-created', (event) => {
      status.created(reported(event), event.lifetimeSec);
    }),
    events.on('allocation-refreshed', (event) => {
      status.refreshed(reported(event), event.lifetimeSec);
    }),
    events.on('allocation-ended', (event) => {
      const { packetsToPeer, bytesToPeer, packetsToClient, bytesToClient } = event.counters;
      status.ended(reported(event), {
        receivedPackets: packetsToPeer,
        receivedBytes: bytesToPeer,
        sentPackets: packetsToClient,
        sentBytes: bytesToClient,
      });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
