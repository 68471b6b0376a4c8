import { sourceKey } from './address-key.ts';
import { IpRanges } from './ip-ranges.ts';
import { transportAddress } from './transport-address.ts';

/** Tells which remote addresses a limit applies to, and under which key each is counted. */
export class LimitedSources {
  readonly #exempt: IpRanges;

  /** `exempt`: address ranges (see `parseIpRange`) without a limit, such as a NAT that many clients share, or your own network. */
  constructor(exempt: readonly string[]) {
    this.#exempt = IpRanges.of(exempt);
  }

  /** The key of a remote address: the IPv4 address or the IPv6 /64. `undefined` when no limit applies to it. */
  keyOf(remoteAddress: string): string | undefined {
    const canonical = transportAddress(remoteAddress, 0);
    if (!canonical) return remoteAddress;
    return this.#exempt.has(canonical.address) ? undefined : sourceKey(canonical);
  }
}
