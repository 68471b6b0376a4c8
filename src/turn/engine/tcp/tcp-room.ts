import { type Allocation } from '../allocation/allocation.ts';
import { type EngineState } from '../engine-state.ts';

/** Whether one more connection with a peer fits: of the allocation, of those that nobody has bound yet, and of the server. */
export function hasTcpRoom({ options, tcpConnections }: EngineState, allocation: Allocation): boolean {
  const { tcpRelay } = options;
  if (!tcpRelay) return false;
  const { all, waiting } = tcpConnections.countOf(allocation);
  if (all >= tcpRelay.connectionsPerAllocation || waiting >= tcpRelay.pendingPerAllocation) return false;
  return tcpConnections.size < tcpRelay.connections;
}
