import { type ClientLeg } from '../dataplane/node/relay-state.ts';

/**
 * The allocations of one UDP listener by client address and port. Nested maps, because joining the two into one key would make a string for
 * each packet. Holds live allocations only, so spoofed sources cannot make it grow.
 */
export class ClientTable {
  readonly #byAddress = new Map<string, Map<number, ClientLeg>>();

  /** `address` is the kernel's own text, zone and all. */
  get(address: string, port: number): ClientLeg | undefined {
    return this.#byAddress.get(address)?.get(port);
  }

  set(address: string, port: number, leg: ClientLeg): void {
    let byPort = this.#byAddress.get(address);
    if (byPort === undefined) {
      byPort = new Map();
      this.#byAddress.set(address, byPort);
    }
    byPort.set(port, leg);
  }

  delete(address: string, port: number): void {
    const byPort = this.#byAddress.get(address);
    byPort?.delete(port);
    if (byPort?.size === 0) this.#byAddress.delete(address);
  }
}
