import { RoundRobin } from '../dataplane/shared/round-robin.ts';
import { UnprovenAllowance, type UnprovenAllowanceOptions } from './unproven-allowance.ts';

/** A few milliseconds of a turn at most, so that media by UDP and of other streams is not late. */
const CLIENTS = { unitsPerTurn: 64, unitsPerSlice: 8 };
/** Under a millisecond: a wrong proof costs more than a datagram to relay. */
const STRANGERS = { unitsPerTurn: 16, unitsPerSlice: 2 };

/** How the TCP and TLS clients of a server share one event loop with each other and with all else. */
export class FairShares {
  /** Connections with an allocation. */
  readonly clients = new RoundRobin(CLIENTS);
  readonly strangers = new RoundRobin(STRANGERS);
  readonly unproven: UnprovenAllowance;

  /** `nowMs`: monotonic. */
  constructor(unproven: UnprovenAllowanceOptions | undefined, nowMs: () => number) {
    this.unproven = new UnprovenAllowance(unproven ?? { perSec: 0, burst: 1, sources: 1, exempt: [] }, nowMs);
  }
}
