import { IpRanges } from '../../../../base/ip-ranges.ts';
import { transportAddress } from '../../../../base/transport-address.ts';

/** Which addresses belong to the core: configured ranges, and what its names resolve to. IPv4-mapped IPv6 counts as IPv4. */
export class TrustedAddresses {
  readonly #ranges: IpRanges;
  #resolved: ReadonlySet<string> = new Set();

  /** `ranges`: address ranges of the core (see `parseIpRange`). */
  constructor(ranges: readonly string[]) {
    this.#ranges = IpRanges.of(ranges);
  }

  /** Takes the place of what was resolved before. Text that is no address is left out. */
  setResolved(addresses: ReadonlySet<string>): void {
    this.#resolved = new Set([...addresses].flatMap((text) => transportAddress(text, 0)?.address ?? []));
  }

  has(text: string): boolean {
    const canonical = transportAddress(text, 0);
    return canonical !== undefined && (this.#resolved.has(canonical.address) || this.#ranges.has(canonical.address));
  }
}
