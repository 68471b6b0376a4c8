/** Transactions by key. How many there may be is the caller's to bound, by `size`. */
export class TransactionTable<T extends { readonly key: string }> {
  readonly #byKey = new Map<string, T>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Adds a transaction. Returns false when its key is taken: the earlier transaction stays. */
  add(transaction: T): boolean {
    if (this.#byKey.has(transaction.key)) return false;
    this.#byKey.set(transaction.key, transaction);
    return true;
  }

  find(key: string | undefined): T | undefined {
    return key === undefined ? undefined : this.#byKey.get(key);
  }

  /** Deletes a transaction, unless another one has its key by now. */
  delete(transaction: T): boolean {
    return this.#byKey.get(transaction.key) === transaction && this.#byKey.delete(transaction.key);
  }
}
