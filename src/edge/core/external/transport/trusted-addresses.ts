import { isInRange, type IpRange } from '../../../../core/ip-range.ts';
import { parseIp } from '../../../../core/ip.ts';
import { transportAddress } from '../../../../core/transport-address.ts';

/** Which addresses belong to the core: configured ranges, and what its names resolve to. IPv4-mapped IPv6 counts as IPv4. */
export class TrustedAddresses {
  readonly #ranges: readonly IpRange[];
  #resolved: ReadonlySet<string> = new Set();

  constructor(ranges: readonly IpRange[]) {
    this.#ranges = ranges;
  }

  /** Takes the place of what was resolved before. Text that is no address is left out. */
  setResolved(addresses: ReadonlySet<string>): void {
    this.#resolved = new Set([...addresses].flatMap((text) => transportAddress(text, 0)?.address ?? []));
  }

  has(text: string): boolean {
    const canonical = transportAddress(text, 0);
    if (!canonical) return false;
    if (this.#resolved.has(canonical.address)) return true;
    const bytes = parseIp(canonical.address);
    return bytes !== undefined && this.#ranges.some((range) => isInRange(range, bytes));
  }
}
