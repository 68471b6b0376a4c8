import { type CoreSnapshot } from './core/core-side.ts';
import { type HepCounters } from './trace/hep-mirror.ts';

export interface FlowSnapshot {
  readonly id: string;
  readonly remoteAddress: string;
  readonly origin: string | undefined;
  readonly secure: boolean;
}

export interface RegistrationSnapshot {
  readonly registrationId: string;
  readonly aor: string;
  readonly contactUri: string;
  readonly flowId: string;
  /** Seconds left. */
  readonly expiresSec: number;
}

export interface EdgeSnapshot {
  readonly flows: readonly FlowSnapshot[];
  readonly registrations: readonly RegistrationSnapshot[];
  readonly transactions: number;
  readonly timers: number;
  /** Each address of the external core and how it fares; absent with the embedded one. */
  readonly cores?: readonly CoreSnapshot[];
  /** Absent without a HEP collector. */
  readonly hep?: HepCounters;
}
