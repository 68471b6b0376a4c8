import { type Allocation } from './allocation.ts';

/** The allocations of each user. Most users have one, which stands for itself: a set is made for several. */
export class UserAllocations {
  readonly #byUser = new Map<string, Allocation | Set<Allocation>>();

  /** How many users have allocations. */
  get size(): number {
    return this.#byUser.size;
  }

  add(user: string, allocation: Allocation): void {
    const held = this.#byUser.get(user);
    if (held === undefined) this.#byUser.set(user, allocation);
    else if (held instanceof Set) held.add(allocation);
    else this.#byUser.set(user, new Set([held, allocation]));
  }

  delete(user: string, allocation: Allocation): void {
    const held = this.#byUser.get(user);
    if (held instanceof Set) held.delete(allocation);
    if (held === allocation || (held instanceof Set && held.size === 0)) this.#byUser.delete(user);
  }

  of(user: string): readonly Allocation[] {
    const held = this.#byUser.get(user);
    if (held === undefined) return [];
    return held instanceof Set ? [...held] : [held];
  }
}
