import { ownText } from './own-text.ts';

/** A place in an `AgeMap`. */
export interface AgeEntry<V, K = string> {
  readonly key: K;
  readonly value: V;
}

interface Entry<V, K> extends AgeEntry<V, K> {
  value: V;
  older: Entry<V, K> | undefined;
  newer: Entry<V, K> | undefined;
}

/**
 * A map that knows its oldest entry, for tables that let go of it when they are full. A `Map` knows it too, but steps over the places of
 * all entries deleted since it last grew to find it, which makes each replacement in a full table cost as much as the table is large.
 *
 * A new entry gets a key that owns its characters (`OwnText`): text of a message may be given as it is. An object is the key itself.
 */
export class AgeMap<V, K extends string | number | object = string> {
  /** Made with the first entry: most tables of an allocation never have one. */
  #entries: Map<K, Entry<V, K>> | undefined;
  #oldest: Entry<V, K> | undefined;
  #newest: Entry<V, K> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get oldest(): AgeEntry<V, K> | undefined {
    return this.#oldest;
  }

  get(key: K): V | undefined {
    return this.#entries?.get(key)?.value;
  }

  /** The place of an entry, for `renew`; `undefined` when there is none. */
  place(key: K): AgeEntry<V, K> | undefined {
    return this.#entries?.get(key);
  }

  has(key: K): boolean {
    return this.#entries?.has(key) ?? false;
  }

  /** The entries, oldest first. While they are walked over, only the one just met may be deleted. */
  *entries(): Generator<AgeEntry<V, K>, void, undefined> {
    let entry = this.#oldest;
    while (entry) {
      const { newer } = entry;
      yield entry;
      entry = newer;
    }
  }

  /** Sets an entry. It becomes the newest, even if the key was there before. Returns its place, for `renew`. */
  set(key: K, value: V): AgeEntry<V, K> {
    const entries = (this.#entries ??= new Map<K, Entry<V, K>>());
    const known = entries.get(key);
    const entry = known ?? { key: ownKey(key), value, older: undefined, newer: undefined };
    if (known) this.#unlink(known);
    else entries.set(entry.key, entry);
    entry.value = value;
    this.#append(entry);
    return entry;
  }

  /** Makes an entry the newest, without looking for it. Returns false when it is no longer in the map. */
  renew(place: AgeEntry<V, K>): boolean {
    const entry = place as Entry<V, K>;
    if (entry === this.#newest) return true;
    if (!entry.newer) return false;
    this.#unlink(entry);
    this.#append(entry);
    return true;
  }

  delete(key: K): void {
    const entry = this.#entries?.get(key);
    if (!entry) return;
    this.#entries?.delete(key);
    this.#unlink(entry);
  }

  #append(entry: Entry<V, K>): void {
    entry.older = this.#newest;
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
  }

  #unlink(entry: Entry<V, K>): void {
    const { older, newer } = entry;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    // An entry that waits for its collection must not keep younger ones from theirs.
    entry.older = undefined;
    entry.newer = undefined;
  }
}

function ownKey<K extends string | number | object>(key: K): K {
  return (typeof key === 'string' ? ownText(key) : key) as K;
}
