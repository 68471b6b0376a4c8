import { type TransportAddress } from '../../core/transport-address.ts';

/**
 * The transport addresses this process answers on. As peers they would let a client speak to the server as the server (RFC 8656 §21.1.7).
 * A listener's port counts on every address of the host: a wildcard listener answers there, and NAT may lead from an external address to
 * an inner one.
 */
export class OwnListeners {
  readonly #ports = new Set<number>();
  readonly #addresses: Set<string>;

  /** `ownAddresses` is canonical IP text: relayed addresses and what else is known of the host. */
  constructor(listeners: readonly TransportAddress[], ownAddresses: readonly string[]) {
    this.#addresses = new Set(ownAddresses);
    this.add(listeners);
  }

  add(listeners: readonly TransportAddress[]): void {
    for (const { address, port } of listeners) {
      this.#ports.add(port);
      this.#addresses.add(address);
    }
  }

  has({ address, port }: TransportAddress): boolean {
    return this.#ports.has(port) && (this.#addresses.has(address) || isLoopback(address));
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
