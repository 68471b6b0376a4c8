import { formatTransportAddress, type TransportAddress } from '../../core/transport-address.ts';
import { type Allocation } from './allocation.ts';

/**
 * Which allocations have a channel towards a relayed transport address that is a peer only because it is ours and live (on loopback, say).
 * Such a channel must not outlive it: another program may get its port, and the plane relays channel data without asking the policy again.
 */
export class OwnRelayChannels {
  readonly #holders = new Map<string, Set<Allocation>>();

  bound(relayed: TransportAddress, holder: Allocation): void {
    const key = formatTransportAddress(relayed);
    this.#holders.set(key, (this.#holders.get(key) ?? new Set()).add(holder));
  }

  unbound(relayed: TransportAddress, holder: Allocation): void {
    if (this.#holders.size === 0) return;
    const key = formatTransportAddress(relayed);
    const holders = this.#holders.get(key);
    holders?.delete(holder);
    if (holders?.size === 0) this.#holders.delete(key);
  }

  /** The holders of a relayed address that ends; they are forgotten here. */
  takeHolders(relayed: TransportAddress): readonly Allocation[] {
    if (this.#holders.size === 0) return [];
    const key = formatTransportAddress(relayed);
    const holders = [...(this.#holders.get(key) ?? [])];
    this.#holders.delete(key);
    return holders;
  }

  /** Relayed addresses with such a channel. */
  get size(): number {
    return this.#holders.size;
  }
}
