import { SetMap } from '../../base/set-map.ts';
import { type Hop } from '../hop.ts';

/** Entries by hop. A hop without entries takes no room. */
export class HopIndex<T> {
  readonly #sets = new SetMap<string, T>();

  count(hop: Hop): number {
    return this.#sets.get(hop.id).size;
  }

  /** The entries of a hop, as a copy: entries may be removed while it is walked over. */
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
