import { addressKey } from './address-key.ts';

export interface ConnectionLimitOptions {
  /** How many connections there may be at a time, over all listeners that share the limits. */
  readonly connections: number;
  /** Connections of one IPv4 address or one IPv6 /64, since one host commonly has a whole /64. */
  readonly connectionsPerAddress: number;
}

/**
 * Ends a connection that can be spared and releases its place at once: one of this source (see `addressKey`), or of whichever when it is
 * `undefined`. False: there is none.
 */
export type MakeRoom = (source: string | undefined) => boolean;

/** Counts connections, so that neither one host nor all of them can use up the file descriptors. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions;
  readonly #makeRoom: MakeRoom;
  readonly #bySource = new Map<string, number>();
  #total = 0;

  /** `makeRoom` is asked when a limit is reached; without it the new connection is refused. */
  constructor(options: ConnectionLimitOptions, makeRoom: MakeRoom = () => false) {
    this.#options = options;
    this.#makeRoom = makeRoom;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * Takes a place for a connection from `address`, or says why there is none; `undefined` is for one of which it is not known yet, and is
   * counted among all only. Every taken place is given back with `release`.
   */
  acquire(address: string | undefined): 'taken' | 'total' | 'address' {
    const source = address === undefined ? undefined : addressKey(address);
    let full = this.#full(source);
    if (full && this.#makeRoom(full === 'address' ? source : undefined)) full = this.#full(source);
    if (full) return full;
    if (source !== undefined) this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1);
    this.#total++;
    return 'taken';
  }

  release(address: string | undefined): void {
    if (address === undefined) {
      if (this.#total > 0) this.#total--;
      return;
    }
    const source = addressKey(address);
    const count = this.#bySource.get(source) ?? 0;
    if (count === 0) return;
    if (count === 1) this.#bySource.delete(source);
    else this.#bySource.set(source, count - 1);
    this.#total--;
  }

  /** Which limit is reached. The limit of the address is checked first: room made there is also room among all. */
  #full(source: string | undefined): 'total' | 'address' | undefined {
    const { connections, connectionsPerAddress } = this.#options;
    if (source !== undefined && (this.#bySource.get(source) ?? 0) >= connectionsPerAddress) return 'address';
    return this.#total >= connections ? 'total' : undefined;
  }
}
