import { networkInterfaces } from 'node:os';
import { transportAddress } from '../base/transport-address.ts';
import { LocalRoutes } from './local-routes.ts';

/** Milliseconds between two looks at the addresses, since Node is not told of changes. A look takes some 100 microseconds. */
const INTERVAL_MS = 2000;

/** Addresses of the network interfaces that are up and have a carrier, canonical IP text. */
function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ address }) => transportAddress(address, 0)?.address ?? []),
  );
}

/**
 * Tells what is of this machine at once, and again within two seconds of each change: addresses of the network interfaces and, on Linux, all
 * that the kernel delivers to this machine, addresses and prefixes as CIDR text. Holds up no end of the process.
 */
export class HostAddressWatch {
  readonly #onChange: (addresses: readonly string[]) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #routes = new LocalRoutes();
  #known = '';

  constructor(onChange: (addresses: readonly string[]) => void) {
    this.#onChange = onChange;
    this.#timer = setInterval(this.#look, INTERVAL_MS).unref();
    this.#look();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  readonly #look = (): void => {
    const addresses = [...new Set([...interfaceAddresses(), ...this.#routes.read()])];
    const known = addresses.join(' ');
    if (known === this.#known) return;
    this.#known = known;
    this.#onChange(addresses);
  };
}
