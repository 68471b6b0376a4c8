import { formatTransportAddress, type TransportAddress } from '../../core/transport-address.ts';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * The transport addresses this process answers on. As peers they would let a client speak to the server as the server (RFC 8656 §21.1.7).
 * A wildcard listener answers on every address of the host; `::` is taken to be dual-stack.
 */
export class OwnListeners {
  readonly #exact = new Set<string>();
  readonly #wildcardPorts = new Set<number>();
  readonly #ownAddresses: ReadonlySet<string>;

  /** `ownAddresses` is canonical IP text. */
  constructor(listeners: readonly TransportAddress[], ownAddresses: readonly string[]) {
    for (const listener of listeners) {
      if (WILDCARDS.has(listener.address)) this.#wildcardPorts.add(listener.port);
      else this.#exact.add(formatTransportAddress(listener));
    }
    this.#ownAddresses = new Set([...ownAddresses, ...listeners.map(({ address }) => address)]);
  }

  has(peer: TransportAddress): boolean {
    if (this.#wildcardPorts.has(peer.port) && this.#isOwn(peer.address)) return true;
    return this.#exact.size > 0 && this.#exact.has(formatTransportAddress(peer));
  }

  #isOwn(address: string): boolean {
    return address.startsWith('127.') || address === '::1' || this.#ownAddresses.has(address);
  }
}
