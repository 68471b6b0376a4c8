import { type ReceiveBatch } from '../../kernel/receive-batch.ts';
import { type Relay } from './relay-state.ts';

/** The event loop reads at most as many datagrams of one socket in a turn. Then more wait, or it was just as many. */
const DATAGRAMS_PER_TURN = 32;
/** Milliseconds of one turn of the event loop from which on there is more to relay than can be. */
const LONG_TURN_MS = 50;
/** Milliseconds for which it is taken to stay so: the sockets that a turn reads first are as late as those that it reads last. */
const OVERLOAD_MS = 500;
/** Batches of one relay that are given up at once. */
const MAX_BATCHES = 16;

/** Monotonic milliseconds. */
interface BacklogTimes {
  /** Stands still during a turn of the event loop. */
  readonly turnMs: () => number;
  readonly nowMs: () => number;
}

/**
 * Gives up what waits behind a relay's share of a turn while there is more to relay than can be. A socket's buffer holds seconds of media by then,
 * and each datagram would arrive as late as all of them. A burst that comes while the event loop keeps up is not touched.
 */
export class RelayBacklog {
  readonly #batch: ReceiveBatch;
  readonly #times: BacklogTimes;
  #overloadedUntilMs = -Infinity;

  constructor(batch: ReceiveBatch, times: BacklogTimes) {
    this.#batch = batch;
    this.#times = times;
  }

  /** Counts a datagram that the event loop has brought. How many behind it were given up. */
  giveUpBehind(relay: Relay): number {
    const turnMs = this.#times.turnMs();
    if (relay.readAtMs !== turnMs) {
      relay.readAtMs = turnMs;
      relay.readInTurn = 0;
    }
    relay.readInTurn += 1;
    if (relay.readInTurn !== DATAGRAMS_PER_TURN) return 0;
    const nowMs = this.#times.nowMs();
    if (nowMs - turnMs >= LONG_TURN_MS) this.#overloadedUntilMs = nowMs + OVERLOAD_MS;
    if (nowMs >= this.#overloadedUntilMs) return 0;
    let givenUp = 0;
    for (let i = 0; i < MAX_BATCHES; i++) {
      const taken = relay.socket.discard(this.#batch);
      givenUp += taken;
      if (taken < this.#batch.count) break;
    }
    return givenUp;
  }
}
