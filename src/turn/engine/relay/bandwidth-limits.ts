import { type RelayBandwidth } from '../../contract/bandwidth.ts';
import { type Allocation } from '../allocation/allocation.ts';

export interface BandwidthOptions {
  /** Bytes a second in each direction, of what peers send and are sent; 0 sets no limit. */
  readonly allocationBytesPerSec: number;
  readonly userBytesPerSec: number;
  readonly totalBytesPerSec: number;
}

/** The limits of an allocation's relays; `undefined` when nothing limits them. */
export function bandwidthOf(
  options: BandwidthOptions | undefined,
  { id, person }: Pick<Allocation, 'id' | 'person'>,
): RelayBandwidth | undefined {
  if (!options) return undefined;
  const { allocationBytesPerSec, userBytesPerSec, totalBytesPerSec } = options;
  if (allocationBytesPerSec + userBytesPerSec + totalBytesPerSec === 0) return undefined;
  return {
    ...(allocationBytesPerSec > 0 && { allocation: { name: id, bytesPerSec: allocationBytesPerSec } }),
    ...(userBytesPerSec > 0 && { user: { name: person, bytesPerSec: userBytesPerSec } }),
    ...(totalBytesPerSec > 0 && { total: { name: '', bytesPerSec: totalBytesPerSec } }),
  };
}
