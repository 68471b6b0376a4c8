import { type IpRanges, type NumericAddress } from '../../../base/ip-ranges.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type OwnAddresses } from './own-addresses.ts';

/**
 * Where the core behind the edge is. What a client relays there would come from an address that the core takes for the edge's, so it is no
 * peer: not the places where the core is reached, and no other port of its addresses either.
 */
export class CoreAddresses {
  readonly #ranges: IpRanges;
  readonly #own: OwnAddresses;
  #addresses: ReadonlySet<string> = new Set();
  #ports: ReadonlySet<number> = new Set();

  /** `ranges`: addresses that belong to the core, whether or not a name leads to them. */
  constructor(ranges: IpRanges, own: OwnAddresses) {
    this.#ranges = ranges;
    this.#own = own;
  }

  /** Ports of the places where the core is reached. */
  get ports(): ReadonlySet<number> {
    return this.#ports;
  }

  /** Replaces the addresses that the names of the core lead to. Returns true when one of them is new. */
  set(addresses: readonly TransportAddress[]): boolean {
    const isNew = addresses.some(({ address, port }) => !this.#addresses.has(address) || !this.#ports.has(port));
    this.#addresses = new Set(addresses.map(({ address }) => address));
    this.#ports = new Set(addresses.map(({ port }) => port));
    return isNew;
  }

  /** Whether a name of the core, and not only a range, leads to this address. */
  isNamed(address: string): boolean {
    return this.#addresses.has(address);
  }

  hasAddress(address: string, numeric: NumericAddress): boolean {
    return this.#addresses.has(address) || this.#ranges.find(numeric) !== undefined;
  }

  /** A port of the core counts on all of its addresses, and on all of this machine where the core runs here too. */
  hasEndpoint({ address, port }: TransportAddress): boolean {
    if (!this.#ports.has(port)) return false;
    if (this.#addresses.has(address)) return true;
    return this.#own.hasAddress(address) && [...this.#addresses].some((one) => this.#own.hasAddress(one));
  }
}
