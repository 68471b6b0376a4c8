import { SetMap } from '../../../base/set-map.ts';
import { formatTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { type Allocation } from '../allocation/allocation.ts';

/**
 * Which allocations have a channel towards a relayed transport address that is a peer only because it is ours and live (on loopback, say).
 * The channel must not outlive that address: another program may get its port, and the plane relays channel data without asking the policy again.
 */
export class OwnRelayChannels {
  readonly #holders = new SetMap<string, Allocation>();

  bound(relayed: TransportAddress, holder: Allocation): void {
    this.#holders.add(formatTransportAddress(relayed), holder);
  }

  unbound(relayed: TransportAddress, holder: Allocation): void {
    if (this.#holders.size === 0) return;
    this.#holders.delete(formatTransportAddress(relayed), holder);
  }

  /** The holders of a relayed address that ends; they are forgotten here. */
  takeHolders(relayed: TransportAddress): readonly Allocation[] {
    if (this.#holders.size === 0) return [];
    const key = formatTransportAddress(relayed);
    const holders = [...this.#holders.get(key)];
    this.#holders.deleteAll(key);
    return holders;
  }

  /** How many relayed addresses have such a channel. */
  get size(): number {
    return this.#holders.size;
  }
}
