import { type OwnMap, ownText } from '../../base/own-text.ts';
import { type Hop } from '../hop.ts';

interface Waiting {
  total: number;
  /** One who always has something waiting outlives each of the messages that name it. */
  readonly bySender: OwnMap<{ held: number }>;
}

/**
 * How many requests wait for each client, and whose they are. A sender may hold as many places as it leaves free: half of them alone, a third
 * where another does the same. So nobody fills a receiver for all others, and whoever sends little finds a place until the last is taken.
 * A core bounds by itself what it takes.
 */
export class ReceiverShares {
  readonly #places: number;
  readonly #byReceiver = new Map<string, Waiting>();

  /** `places`: of each receiver. */
  constructor(places: number) {
    this.#places = places;
  }

  admits(receiver: Hop, sender: string): boolean {
    const waiting = this.#of(receiver);
    return !waiting || (waiting.bySender.get(sender)?.held ?? 0) < this.#places - waiting.total;
  }

  take(receiver: Hop, sender: string): void {
    if (receiver.kind !== 'wic') return;
    const waiting: Waiting = this.#of(receiver) ?? { total: 0, bySender: new Map() };
    waiting.total += 1;
    const share = waiting.bySender.get(sender);
    if (share) share.held += 1;
    else waiting.bySender.set(ownText(sender), { held: 1 });
    this.#byReceiver.set(receiver.id, waiting);
  }

  /** To be called once for each `take`. */
  release(receiver: Hop, sender: string): void {
    const waiting = this.#of(receiver);
    const share = waiting?.bySender.get(sender);
    if (!waiting || !share) return;
    waiting.total -= 1;
    share.held -= 1;
    if (share.held === 0) waiting.bySender.delete(sender);
    if (waiting.total === 0) this.#byReceiver.delete(receiver.id);
  }

  #of({ id }: Hop): Waiting | undefined {
    return this.#byReceiver.get(id);
  }
}
