import { networkInterfaces } from 'node:os';
import { transportAddress } from '../core/transport-address.ts';

/** The system tells of no change that Node hears of, so it is asked; that takes some 50 microseconds. */
const INTERVAL_MS = 2000;

/** Addresses of the network interfaces, canonical IP text. */
function hostAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ address }) => transportAddress(address, 0)?.address ?? []),
  );
}

/** Tells the addresses of the network interfaces at once, and again within two seconds of each change. Holds up no end of the process. */
export class HostAddressWatch {
  readonly #onChange: (addresses: readonly string[]) => void;
  readonly #timer: NodeJS.Timeout;
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
    const addresses = hostAddresses();
    const known = addresses.join(' ');
    if (known === this.#known) return;
    this.#known = known;
    this.#onChange(addresses);
  };
}
