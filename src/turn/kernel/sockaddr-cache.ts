import { type AddressFamily } from '../../base/ip.ts';
import { encodeSockaddr } from './sockaddr.ts';

/** The addresses last sent to, in the form for the kernel: making one costs about as much as sending. */
export class SockaddrCache {
  readonly #family: AddressFamily;
  readonly #maxAddresses: number;
  readonly #byAddress = new Map<string, Buffer>();

  /** Past `maxAddresses` all are forgotten. */
  constructor(family: AddressFamily, maxAddresses: number) {
    this.#family = family;
    this.#maxAddresses = maxAddresses;
  }

  /** Good until the next call. `address` is IP text of the family without a zone. */
  get(address: string, port: number): Buffer {
    let sockaddr = this.#byAddress.get(address);
    if (sockaddr === undefined) {
      if (this.#byAddress.size >= this.#maxAddresses) this.#byAddress.clear();
      sockaddr = encodeSockaddr({ family: this.#family, address, port });
      this.#byAddress.set(address, sockaddr);
    }
    sockaddr[2] = port >> 8;
    sockaddr[3] = port & 0xff;
    return sockaddr;
  }
}
