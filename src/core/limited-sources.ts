import { addressKey } from './address-key.ts';
import { parseIp } from './ip.ts';
import { isInRange, parseIpRange, type IpRange } from './ip-range.ts';
import { transportAddress } from './transport-address.ts';

/** Which remotes limits by address apply to, and what each is counted under. */
export class LimitedSources {
  readonly #exempt: readonly IpRange[];

  /** `exempt`: address ranges (see `parseIpRange`) without a limit, such as a NAT that many clients share, or your own network. */
  constructor(exempt: readonly string[]) {
    this.#exempt = exempt.flatMap((text) => parseIpRange(text) ?? []);
  }

  /** The IPv4 address or the IPv6 /64; `undefined` where no limit applies. */
  keyOf(remoteAddress: string): string | undefined {
    const bytes = parseIp(transportAddress(remoteAddress, 0)?.address ?? '');
    if (bytes && this.#exempt.some((range) => isInRange(range, bytes))) return undefined;
    return addressKey(remoteAddress);
  }
}
