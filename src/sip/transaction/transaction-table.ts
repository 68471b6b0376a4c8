/** Transactions by key. How many there may be is the caller's to bound, by `size`. */
export class TransactionTable<T extends { readonly key: string }> {
  readonly #byKey = new Map<string, T>();

  get size(): number {
    return this.#byKey.size;
  }

  /** False when the key is taken: the entry that holds it stays. */
  add(transaction: T): boolean {
    if (this.#byKey.has(transaction.key)) return false;
    this.#byKey.set(transaction.key, transaction);
    return true;
  }

  find(key: string | undefined): T | undefined {
    return key === undefined ? undefined : this.#byKey.get(key);
  }

  /** Only if the entry is this very transaction: one that ended late must not take its successor along. */
  delete(transaction: T): boolean {
    return this.#byKey.get(transaction.key) === transaction && this.#byKey.delete(transaction.key);
  }
}
