import { type Hop } from '../hop.ts';

/** What belongs to which hop; hops without any take no room. */
export class HopIndex<T> {
  readonly #sets = new Map<string, Set<T>>();

  count(hop: Hop): number {
    return this.#sets.get(hop.id)?.size ?? 0;
  }

  /** A copy, so that entries may end while it is walked. */
  of(hop: Hop): T[] {
    return [...(this.#sets.get(hop.id) ?? [])];
  }

  add(hop: Hop, value: T): void {
    const set = this.#sets.get(hop.id) ?? new Set<T>();
    this.#sets.set(hop.id, set.add(value));
  }

  delete(hop: Hop, value: T): void {
    const set = this.#sets.get(hop.id);
    set?.delete(value);
    if (set?.size === 0) this.#sets.delete(hop.id);
  }
}
