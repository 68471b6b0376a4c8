import { type Hop } from '../hop.ts';

/** Who has been challenged (401, 407) and is about to send the same request again, with its proof: to its user that is one and the same. */
export class OpenChallenges {
  readonly #hops = new Set<string>();

  isChallenged(hop: Hop): boolean {
    return this.#hops.has(hop.id);
  }

  /** Notes a response to a request of `hop`. */
  noteAnswer(status: number, hop: Hop): void {
    if (hop.kind !== 'wic' || status < 200) return;
    if (status === 401 || status === 407) this.#hops.add(hop.id);
    else this.#hops.delete(hop.id);
  }

  forget(hop: Hop): void {
    this.#hops.delete(hop.id);
  }
}
