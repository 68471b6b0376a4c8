import { type AgeEntry, AgeMap } from './age-map.ts';

/** A map of at most `max` entries: past it the oldest is forgotten. An entry that is set again is the newest. */
export class BoundedMap<V, K extends string | number = string> extends AgeMap<V, K> {
  readonly #max: number;

  /** `max` is 1 or more. */
  constructor(max: number) {
    super();
    this.#max = max;
  }

  override set(key: K, value: V): AgeEntry<V, K> {
    const entry = super.set(key, value);
    const { oldest } = this;
    if (oldest && this.size > this.#max) this.delete(oldest.key);
    return entry;
  }
}
