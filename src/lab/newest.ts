/** The newest of several things of one kind, as each start of a server makes another. */
export class Newest<T> {
  #newest: T | undefined;

  get newest(): T | undefined {
    return this.#newest;
  }

  /** Takes the place of the one before. Returns it. */
  note(value: T): T {
    this.#newest = value;
    return value;
  }
}
