import { SetMap } from '../../base/set-map.ts';
import { type Hop } from '../hop.ts';

/** What belongs to which hop; hops without any take no room. */
export class HopIndex<T> {
  readonly #sets = new SetMap<string, T>();

  count(hop: Hop): number {
    return this.#sets.get(hop.id).size;
  }

  /** A copy, so that entries may end while it is walked. */
  of(hop: Hop): T[] {
    return [...this.#sets.get(hop.id)];
  }

  add(hop: Hop, value: T): void {
    this.#sets.add(hop.id, value);
  }

  delete(hop: Hop, value: T): void {
    this.#sets.delete(hop.id, value);
  }
}
