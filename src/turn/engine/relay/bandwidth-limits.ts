import { type RelayBandwidth } from '../../contract/bandwidth.ts';

export interface BandwidthOptions {
  /** Bytes a second in each direction, of what peers send and are sent; 0 sets no limit. */
  readonly allocationBytesPerSec: number;
  readonly userBytesPerSec: number;
  readonly totalBytesPerSec: number;
}

/** The limits of the relays of an allocation with this `id`, which counts against `person`; `undefined` when nothing limits them. */
export function bandwidthOf(
  options: BandwidthOptions | undefined,
  { id, person }: { readonly id: string; readonly person: string },
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
