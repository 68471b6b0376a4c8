import { type Allocation } from './allocation.ts';
import { type AllocationInfo, type RelayCounters } from './turn-events.ts';
import { infoOf } from './report.ts';

/** One live allocation as an operator sees it, with the counters of the moment. */
export interface SessionSnapshot extends AllocationInfo {
  readonly createdAtUnixMs: number;
  readonly expiresInSec: number;
  /** t of the credential it was last refreshed with, in UNIX seconds. */
  readonly credentialExpiresAtSec?: number;
  readonly permissions: number;
  readonly channels: number;
  readonly counters: RelayCounters;
}

export function sessionSnapshot(allocation: Allocation, counters: RelayCounters, nowMs: number): SessionSnapshot {
  const { expiresAtSec } = allocation.credential;
  return {
    ...infoOf(allocation),
    createdAtUnixMs: allocation.createdAtUnixMs,
    expiresInSec: allocation.lifetimeLeftSec(nowMs),
    ...(expiresAtSec === undefined ? {} : { credentialExpiresAtSec: expiresAtSec }),
    permissions: allocation.permissionCount,
    channels: allocation.channelCount,
    counters,
  };
}
