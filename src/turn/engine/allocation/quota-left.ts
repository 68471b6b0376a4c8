import { sourceKey } from '../../../base/address-key.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type EngineState } from '../engine-state.ts';
import { type RefusalCause } from '../observe/turn-words.ts';

interface QuotaLeft {
  /** How many relayed transport addresses may still be opened. */
  readonly left: number;
  /** The quota that sets this bound. */
  readonly cause: Extract<RefusalCause, 'user-quota' | 'address-quota' | 'total-quota'>;
}

/** Quotas count relayed transport addresses, held ones (EVEN-PORT) too: each costs a port, and two families or a pair cost two. */
export function quotaLeft(engine: EngineState, person: string, client: TransportAddress): QuotaLeft {
  const { allocations, reservations, options } = engine;
  const { perUser, perAddress, total } = options.quota;
  let left = perUser - allocations.relaysOf(person) - reservations.countOf(person);
  let cause: QuotaLeft['cause'] = 'user-quota';
  const ofAll = total - allocations.relays - reservations.size;
  if (ofAll < left) [left, cause] = [ofAll, 'total-quota'];
  if (perAddress === undefined) return { left, cause };
  const source = sourceKey(client);
  const ofAddress = perAddress - allocations.relaysFrom(source) - reservations.countFrom(source);
  return ofAddress < left ? { left: ofAddress, cause: 'address-quota' } : { left, cause };
}
