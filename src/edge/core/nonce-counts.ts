/** How far behind the highest count a request may come and still be new; over one flow they arrive in order. */
const WINDOW = 32;

/** Nonces of one flow that are used by turns: a client uses one, and a gateway answers for several users what it was asked last. */
const MOST_NONCES = 4;

interface Use {
  serial: number;
  highest: number;
  /** Bit n stands for `highest - n`. */
  seen: number;
}

/**
 * Replay protection of RFC 7616 §5.10 for the nonces of one flow: each nonce count is accepted once. Entries are made by successful authentication only, and
 * few are kept: what is forgotten takes every earlier nonce with it, so that forgetting never makes a replay possible.
 */
export class NonceCounts {
  #uses: readonly Use[] = [];
  #forgottenUpTo = 0;

  /** Nonces whose counts are known. */
  get size(): number {
    return this.#uses.length;
  }

  /** Takes a count of the nonce with this serial number. Returns false when it was used before, or when that is no longer known. */
  accept(serial: number, count: number): boolean {
    for (const use of this.#uses) if (use.serial === serial) return advance(use, count);
    if (serial <= this.#forgottenUpTo) return false;
    if (this.#uses.length < MOST_NONCES) this.#uses = this.#uses.concat({ serial, highest: count, seen: 1 });
    else this.#replaceOldest(serial, count);
    return true;
  }

  #replaceOldest(serial: number, count: number): void {
    let oldest: Use | undefined;
    for (const use of this.#uses) if (!oldest || use.serial < oldest.serial) oldest = use;
    if (!oldest || serial < oldest.serial) {
      this.#forgottenUpTo = serial;
      return;
    }
    this.#forgottenUpTo = oldest.serial;
    oldest.serial = serial;
    oldest.highest = count;
    oldest.seen = 1;
  }
}

function advance(use: Use, count: number): boolean {
  const ahead = count - use.highest;
  if (ahead > 0) {
    use.seen = ahead >= WINDOW ? 1 : (use.seen << ahead) | 1;
    use.highest = count;
    return true;
  }
  if (-ahead >= WINDOW) return false;
  const bit = 1 << -ahead;
  if ((use.seen & bit) !== 0) return false;
  use.seen |= bit;
  return true;
}
