const NONE: ReadonlySet<never> = new Set<never>();

/** A set of values for each key, in the order of their coming. A key whose values are all gone takes no room. */
export class SetMap<K, V> {
  readonly #sets = new Map<K, Set<V>>();

  /** How many keys have values. */
  get size(): number {
    return this.#sets.size;
  }

  has(key: K): boolean {
    return this.#sets.has(key);
  }

  /** The values of a key: a live view, until the last value is deleted. Empty when the key has none. */
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

  /** The keys with their values. Values may be deleted while they are walked over. */
  entries(): MapIterator<[K, ReadonlySet<V>]> {
    return this.#sets.entries();
  }
}
