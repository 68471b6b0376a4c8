import { type Hop } from '../hop.ts';

/** Tokens' worth of ACKs for one final answer to an INVITE, and for those of one client that are still to come. */
const PER_ACK = 4;
const MOST_ACKS = 128;

/**
 * What a request that is delivered to a client lets it answer, in tokens: the sender has paid for that. An INVITE brings provisional answers, some of
 * them again and again (RFC 3262 §3, RFC 3261 §13.3.1.1), and a 2xx that is repeated until its ACK comes.
 */
export function answersOwed(method: string): number {
  return method === 'INVITE' ? 32 : 8;
}

/** Whose ACKs are still to come: a client must acknowledge each answer to its INVITE that others have sent, however often they send it. */
export class OwedAcks {
  readonly #left = new WeakMap<Hop, number>();

  /** A final answer to an INVITE leaves for this hop. */
  expect(hop: Hop): void {
    this.#left.set(hop, Math.min(MOST_ACKS, (this.#left.get(hop) ?? 0) + PER_ACK));
  }

  /** Whether an ACK of this cost is owed. */
  settle(hop: Hop, cost: number): boolean {
    const left = this.#left.get(hop) ?? 0;
    if (left < cost) return false;
    this.#left.set(hop, left - cost);
    return true;
  }
}
