import { addressKey } from './address-key.ts';

export interface ConnectionLimitOptions {
  /** At a time, over all listeners that share the limits. */
  readonly connections: number;
  /** Of one IPv4 address or one IPv6 /64: a whole /64 is what one host commonly has. */
  readonly connectionsPerAddress: number;
}

/** Counts connections, so that neither one host nor all of them can use up the file descriptors. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions;
  readonly #bySource = new Map<string, number>();
  #total = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * Takes a place for a connection from `address`, or says why there is none; `undefined` is for one of which it is not known yet, and is
   * counted among all only. Every taken place is given back with `release`.
   */
  acquire(address: string | undefined): 'taken' | 'total' | 'address' {
    if (this.#total >= this.#options.connections) return 'total';
    if (address !== undefined) {
      const source = addressKey(address);
      const count = this.#bySource.get(source) ?? 0;
      if (count >= this.#options.connectionsPerAddress) return 'address';
      this.#bySource.set(source, count + 1);
    }
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
}
