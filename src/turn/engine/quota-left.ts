import { type EngineState } from './engine-state.ts';
import { type RefusalCause } from './turn-events.ts';

interface QuotaLeft {
  /** Relayed transport addresses that may still be opened. */
  readonly left: number;
  /** Which quota bounds it. */
  readonly cause: Extract<RefusalCause, 'user-quota' | 'total-quota'>;
}

/** Quotas count relayed transport addresses, held ones (EVEN-PORT) too: each costs a port, and two families or a pair cost two. */
export function quotaLeft({ allocations, reservations, options }: EngineState, user: string): QuotaLeft {
  const ofUser = options.quota.perUser - allocations.relaysOf(user) - reservations.countOf(user);
  const ofAll = options.quota.total - allocations.relays - reservations.size;
  return ofUser <= ofAll ? { left: ofUser, cause: 'user-quota' } : { left: ofAll, cause: 'total-quota' };
}
