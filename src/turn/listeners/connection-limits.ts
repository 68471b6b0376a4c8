import { parseIp } from '../../core/ip.ts';

export interface ConnectionLimitOptions {
  /** TCP and TLS connections at a time, over all listeners. */
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

  /** Takes a place for a connection from `address`, or says why there is none. Every taken place is given back with `release`. */
  acquire(address: string): 'taken' | 'total' | 'address' {
    if (this.#total >= this.#options.connections) return 'total';
    const source = sourceOf(address);
    const count = this.#bySource.get(source) ?? 0;
    if (count >= this.#options.connectionsPerAddress) return 'address';
    this.#bySource.set(source, count + 1);
    this.#total++;
    return 'taken';
  }

  release(address: string): void {
    const source = sourceOf(address);
    const count = this.#bySource.get(source) ?? 0;
    if (count === 0) return;
    if (count === 1) this.#bySource.delete(source);
    else this.#bySource.set(source, count - 1);
    this.#total--;
  }
}

function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  const bytes = parseIp(address.replace(/%.*$/, ''));
  return bytes ? Buffer.from(bytes.subarray(0, 8)).toString('hex') : address;
}
