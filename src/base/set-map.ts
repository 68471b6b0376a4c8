const NONE: ReadonlySet<never> = new Set<never>();

/** A set of values for each key, in the order of their coming. A key whose values are all gone takes no room. */
export class SetMap<K, V> {
  readonly #sets = new Map<K, Set<V>>();

  /** Keys that have values. */
  get size(): number {
    return this.#sets.size;
  }

  has(key: K): boolean {
    return this.#sets.has(key);
  }

  /** The values as they are now and will be until the last of them goes; empty when there are none. */
  get(key: K): ReadonlySet<V> {
    return this.#sets.get(key) ?? NONE;
  }

  add(key: K, value: V): void {
    const set = this.#sets.get(key);
    if (set) set.add(value);
    else this.#sets.set(key, new Set([value]));
  }

  delete(key: K, value: V): void {
    const set = this.#sets.get(key);
    set?.delete(value);
    if (set?.size === 0) this.#sets.delete(key);
  }

  deleteAll(key: K): void {
    this.#sets.delete(key);
  }

  /** Values may be taken out on the way. */
  entries(): MapIterator<[K, ReadonlySet<V>]> {
    return this.#sets.entries();
  }
}
