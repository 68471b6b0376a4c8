import { type Allocation } from '../allocation/allocation.ts';
import { RELAY_COUNTERS } from '../../contract/counters.ts';
import { infoOf } from './report.ts';
import { type AllocationInfo, type RelayCounters } from './turn-events.ts';

/** One live allocation as an operator sees it, with the counters of the moment. */
export interface SessionSnapshot extends AllocationInfo {
  readonly createdAtUnixMs: number;
  readonly expiresInSec: number;
  /** t of the credential it was last refreshed with, in UNIX seconds. */
  readonly credentialExpiresAtSec?: number;
  readonly permissions: number;
  readonly channels: number;
  /** How many connections with peers an allocation of TCP has. */
  readonly connections: number;
  readonly counters: RelayCounters;
}

export function sessionSnapshot(
  allocation: Allocation,
  connections: number,
  counters: RelayCounters,
  nowMs: number,
): SessionSnapshot {
  const { expiresAtSec } = allocation.credential;
  return {
    ...infoOf(allocation),
    createdAtUnixMs: allocation.createdAtUnixMs,
    expiresInSec: allocation.lifetimeLeftSec(nowMs),
    ...(expiresAtSec === undefined ? {} : { credentialExpiresAtSec: expiresAtSec }),
    permissions: allocation.permissionCount,
    channels: allocation.channelCount,
    connections,
    counters,
  };
}

/** What a user holds at the moment, and what has passed through it. */
export interface UserUsage {
  readonly user: string;
  readonly allocations: number;
  /** How many relayed transport addresses the user has, which the quota counts. */
  readonly relays: number;
  /** Counters, summed over the live allocations of the user. */
  readonly counters: RelayCounters;
}

/** The usage of each user who has an allocation. */
export function usageByUser(sessions: readonly SessionSnapshot[]): readonly UserUsage[] {
  const byUser = new Map<string, UserUsage>();
  for (const { user, relayedAll, counters } of sessions) {
    const before = byUser.get(user) ?? { user, allocations: 0, relays: 0, counters: NOTHING };
    byUser.set(user, {
      user,
      allocations: before.allocations + 1,
      relays: before.relays + relayedAll.length,
      counters: added(before.counters, counters),
    });
  }
  return [...byUser.values()];
}

const NOTHING: RelayCounters = { packetsToPeer: 0, bytesToPeer: 0, packetsToClient: 0, bytesToClient: 0, dropped: 0 };

function added(one: RelayCounters, other: RelayCounters): RelayCounters {
  const sum = { ...one };
  for (const name of RELAY_COUNTERS) sum[name] += other[name];
  return sum;
}
