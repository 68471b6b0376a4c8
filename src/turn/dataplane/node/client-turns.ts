/** How many datagrams of peers pass before clients have their turn: as many as are taken of a listener then. */
const DATAGRAMS_PER_TURN = 32;
/** How many listeners have their turn at once. */
const LISTENERS_PER_TURN = 4;

/** Takes a share of what waits at a listener. */
type TakeShare = () => void;

/**
 * Gives what clients send its turn among what peers send. The event loop reads each of hundreds of relay sockets as often as the one socket that
 * all clients send to, so that without turns clients are heard by nobody once there is more to relay than can be.
 */
export class ClientTurns {
  readonly #listeners: TakeShare[] = [];
  #next = 0;
  #left = DATAGRAMS_PER_TURN;

  /** Takes a listener in. Returns what takes it out. */
  add(take: TakeShare): () => void {
    this.#listeners.push(take);
    return () => {
      const at = this.#listeners.indexOf(take);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  /** Counts a datagram of a peer that was served. */
  spend(): void {
    this.#left -= 1;
    if (this.#left > 0) return;
    this.#left = DATAGRAMS_PER_TURN;
    for (let i = Math.min(LISTENERS_PER_TURN, this.#listeners.length); i > 0 && this.#listeners.length > 0; i--) {
      this.#next = (this.#next + 1) % this.#listeners.length;
      this.#listeners[this.#next]?.();
    }
  }
}
