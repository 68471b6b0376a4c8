import { type AllocatedRelay, type Allocation } from '../allocation/allocation.ts';
import { COUNTERS_PER_RELAY, RELAY_COUNTERS } from '../../contract/counters.ts';
import { type DataPlane } from '../../contract/data-plane.ts';
import { type RelayCounters } from '../observe/turn-events.ts';

/** What passed through each allocation: the sum of its relays' counters, with those of a relay that ended before. In order. */
export function allocationCounters(plane: DataPlane, allocations: readonly Allocation[]): readonly RelayCounters[] {
  const values = plane.readCounters(allocations.flatMap(({ relays }) => relays.map(({ relay }) => relay)));
  let offset = 0;
  return allocations.map(({ relays, settled }) => {
    const start = offset;
    offset += relays.length * COUNTERS_PER_RELAY;
    return sumOf(values.subarray(start, offset), settled);
  });
}

/** Keeps what passed through one of two relays, which ends. */
export function settleCounters(plane: DataPlane, allocation: Allocation, { relay }: AllocatedRelay): void {
  allocation.settled = sumOf(plane.readCounters([relay]), allocation.settled);
}

function sumOf(values: Float64Array, settled: RelayCounters | undefined): RelayCounters {
  const sum = { packetsToPeer: 0, bytesToPeer: 0, packetsToClient: 0, bytesToClient: 0, dropped: 0 };
  for (const name of RELAY_COUNTERS) sum[name] = settled?.[name] ?? 0;
  for (let at = 0; at < values.length; at += COUNTERS_PER_RELAY) {
    RELAY_COUNTERS.forEach((name, index) => (sum[name] += values[at + index] ?? 0));
  }
  return sum;
}
