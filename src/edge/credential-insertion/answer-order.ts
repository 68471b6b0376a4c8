import { isLater, type Outcome } from '../../base/outcome.ts';
import { type Hop } from '../hop.ts';

/** An answer that has not left yet; behind it waits the next one of its flow. */
interface Turn {
  next: (() => void) | undefined;
}

/**
 * The answers of one flow that may wait for a credential leave in the order in which they were made, so that an old binding or credential never
 * comes after a newer one. Where nothing waits, that costs a lookup. What is left of a flow that is gone goes with it.
 */
export class AnswerOrder {
  readonly #last = new WeakMap<Hop, Turn>();

  /** Settles with `own` once it is known and all earlier answers of the flow have left. */
  inTurn<T extends object>(hop: Hop, own: Outcome<T>): Outcome<T> {
    if (!isLater(own) && !this.#last.has(hop)) return own;
    return {
      later: (settle) => {
        this.#wait(hop, own, settle);
      },
    };
  }

  #wait<T extends object>(hop: Hop, own: Outcome<T>, settle: (value: T) => void): void {
    const before = this.#last.get(hop);
    const turn: Turn = { next: undefined };
    this.#last.set(hop, turn);
    let isFirst = before === undefined;
    let arrived: T | undefined;
    const leave = (): void => {
      if (!isFirst || arrived === undefined) return;
      if (this.#last.get(hop) === turn) this.#last.delete(hop);
      try {
        settle(arrived);
      } finally {
        turn.next?.();
      }
    };
    if (before) {
      before.next = () => {
        isFirst = true;
        leave();
      };
    }
    const arrive = (value: T): void => {
      arrived = value;
      leave();
    };
    if (isLater(own)) own.later(arrive);
    else arrive(own);
  }
}
