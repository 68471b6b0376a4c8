import { IpRanges } from '../../../base/ip-ranges.ts';
import { isLoopback } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';

/**
 * What is of this machine: its addresses, and the ports on which this process answers. As peers they would let a client speak to the server
 * as the server (RFC 8656 §21.1.7), and to every other program of the machine past its firewall, which does not look at packets of the
 * machine to itself. A listener's port counts on every address of the machine: a wildcard listener answers there, and NAT may lead from an
 * external address to an inner one.
 */
export class OwnAddresses {
  readonly #ports = new Set<number>();
  /** Addresses that never change: relayed, external, and those of listeners. */
  readonly #fixed: Set<string>;
  /** Addresses of this machine as the system tells them; they come and go. */
  #host: ReadonlySet<string> = new Set();
  /** The addresses of `#host` that are ranges of several addresses. */
  #prefixes = IpRanges.of([]);

  /** `addresses` is canonical IP text. */
  constructor(listeners: readonly TransportAddress[], addresses: readonly string[]) {
    this.#fixed = new Set(addresses);
    this.addListeners(listeners);
  }

  /** Ports of the listeners. */
  get ports(): ReadonlySet<number> {
    return this.#ports;
  }

  addListeners(listeners: readonly TransportAddress[]): void {
    for (const { address, port } of listeners) {
      this.#ports.add(port);
      this.#fixed.add(address);
    }
  }

  /** Replaces the addresses of this machine, as canonical IP text or CIDR text. Returns true when one of them is new. */
  setHostAddresses(addresses: readonly string[]): boolean {
    const isNew = addresses.some((address) => !this.#host.has(address));
    this.#host = new Set(addresses);
    this.#prefixes = IpRanges.of(addresses.filter((address) => address.includes('/')));
    return isNew;
  }

  hasAddress(address: string): boolean {
    return this.#fixed.has(address) || this.#host.has(address) || isLoopback(address) || this.#prefixes.has(address);
  }

  hasListener({ address, port }: TransportAddress): boolean {
    return this.#ports.has(port) && this.hasAddress(address);
  }
}
