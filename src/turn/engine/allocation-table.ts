import { formatTransportAddress, type TransportAddress } from '../../core/transport-address.ts';
import { type Allocation } from './allocation.ts';
import { type RelayHandle } from './data-plane.ts';

/** The live allocations under every key they are looked up by. An allocation is in all of the indexes or in none. */
export class AllocationTable {
  readonly #byClient = new Map<string, Allocation>();
  readonly #bySlot = new Map<number, Allocation>();
  readonly #byId = new Map<string, Allocation>();
  readonly #byRelayed = new Map<string, Allocation>();
  readonly #byUser = new Map<string, Set<Allocation>>();

  get size(): number {
    return this.#byId.size;
  }

  get users(): number {
    return this.#byUser.size;
  }

  add(allocation: Allocation): void {
    this.#byClient.set(allocation.client.key, allocation);
    this.#bySlot.set(allocation.relay.slot, allocation);
    this.#byId.set(allocation.id, allocation);
    this.#byRelayed.set(formatTransportAddress(allocation.relay.relayed), allocation);
    const ofUser = this.#byUser.get(allocation.user) ?? new Set();
    this.#byUser.set(allocation.user, ofUser.add(allocation));
  }

  remove(allocation: Allocation): void {
    this.#byClient.delete(allocation.client.key);
    this.#bySlot.delete(allocation.relay.slot);
    this.#byId.delete(allocation.id);
    this.#byRelayed.delete(formatTransportAddress(allocation.relay.relayed));
    const ofUser = this.#byUser.get(allocation.user);
    ofUser?.delete(allocation);
    if (ofUser?.size === 0) this.#byUser.delete(allocation.user);
  }

  ofClient(clientKey: string): Allocation | undefined {
    return this.#byClient.get(clientKey);
  }

  ofRelay({ slot }: RelayHandle): Allocation | undefined {
    return this.#bySlot.get(slot);
  }

  ofId(id: string): Allocation | undefined {
    return this.#byId.get(id);
  }

  ofUser(user: string): readonly Allocation[] {
    return [...(this.#byUser.get(user) ?? [])];
  }

  countOf(user: string): number {
    return this.#byUser.get(user)?.size ?? 0;
  }

  isRelayed(address: TransportAddress): boolean {
    return this.#byRelayed.has(formatTransportAddress(address));
  }

  all(): readonly Allocation[] {
    return [...this.#byId.values()];
  }
}
