import { COUNTERS_PER_SLOT, RELAY_COUNTERS, type DataPlane, type RelayHandle } from './data-plane.ts';
import { type RelayCounters } from './turn-events.ts';

/** The plane's counters of each relay, in order. */
export function relayCounters(plane: DataPlane, relays: readonly RelayHandle[]): readonly RelayCounters[] {
  const values = new Float64Array(relays.length * COUNTERS_PER_SLOT);
  plane.readCounters(
    values,
    relays.map(({ slot }) => slot),
  );
  return relays.map((_relay, index) => countersAt(values, index * COUNTERS_PER_SLOT));
}

function countersAt(values: Float64Array, offset: number): RelayCounters {
  const [packetsToPeer = 0, bytesToPeer = 0, packetsToClient = 0, bytesToClient = 0, dropped = 0] = values.subarray(
    offset,
    offset + RELAY_COUNTERS.length,
  );
  return { packetsToPeer, bytesToPeer, packetsToClient, bytesToClient, dropped };
}
