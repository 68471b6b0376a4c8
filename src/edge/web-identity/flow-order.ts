import { isLater, type Outcome } from '../../base/outcome.ts';
import { type Hop } from '../hop.ts';

/**
 * Requests of one flow are judged in the order in which they came: while one waits, those behind it wait too, since what it shows may be what they are
 * judged by. Where nothing waits, that costs a lookup. What is left of a flow that is gone goes with it.
 */
export class FlowOrder {
  readonly #waiting = new WeakMap<Hop, (() => void)[]>();

  inTurn<T extends object>(hop: Hop, judge: () => Outcome<T>): Outcome<T> {
    if (!this.#waiting.has(hop)) {
      const own = judge();
      if (!isLater(own)) return own;
      return {
        later: (settle) => {
          this.#waiting.set(hop, []);
          own.later((value) => {
            this.#settle(hop, settle, value);
          });
        },
      };
    }
    return {
      later: (settle) => {
        const begin = (): void => {
          const own = judge();
          if (!isLater(own)) this.#settle(hop, settle, own);
          else {
            own.later((value) => {
              this.#settle(hop, settle, value);
            });
          }
        };
        const queue = this.#waiting.get(hop);
        if (queue) queue.push(begin);
        else {
          this.#waiting.set(hop, []);
          begin();
        }
      },
    };
  }

  #settle<T>(hop: Hop, settle: (value: T) => void, value: T): void {
    try {
      settle(value);
    } finally {
      const next = this.#waiting.get(hop)?.shift();
      if (next) next();
      else this.#waiting.delete(hop);
    }
  }
}
