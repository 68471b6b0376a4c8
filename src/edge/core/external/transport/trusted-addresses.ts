import { IpRanges } from '../../../../base/ip-ranges.ts';
import { TextMemo } from '../../../../base/text-memo.ts';
import { transportAddress } from '../../../../base/transport-address.ts';

const MEMO_CAPACITY = 256;

/** Which addresses belong to the core: configured ranges, and what its names resolve to. IPv4-mapped IPv6 counts as IPv4. */
export class TrustedAddresses {
  readonly #ranges: IpRanges;
  #resolved: ReadonlySet<string> = new Set();
  /** Each datagram asks for its sender. */
  #judged = this.#newMemo();

  /** `ranges`: address ranges of the core (see `parseIpRange`). */
  constructor(ranges: readonly string[]) {
    this.#ranges = IpRanges.of(ranges);
  }

  /** Takes the place of what was resolved before. Text that is no address is left out. */
  setResolved(addresses: ReadonlySet<string>): void {
    this.#resolved = new Set([...addresses].flatMap((text) => transportAddress(text, 0)?.address ?? []));
    this.#judged = this.#newMemo();
  }

  has(text: string): boolean {
    return this.#judged.get(text);
  }

  #newMemo(): TextMemo<boolean> {
    return new TextMemo(MEMO_CAPACITY, (text) => {
      const canonical = transportAddress(text, 0);
      return canonical !== undefined && (this.#resolved.has(canonical.address) || this.#ranges.has(canonical.address));
    });
  }
}
