import { type AddressFamily } from '../../../base/ip.ts';
import { type RelayAddress } from '../shared/relay-address.ts';
import { type Relay } from './relay-state.ts';

/** An advertised address of this plane and the relays on it. Lives as long as the plane, so channels may keep a reference. */
export interface OwnAddress extends RelayAddress {
  /** Relays of UDP, by port. */
  readonly relays: Map<number, Relay>;
  /** Relays of TCP, by port. */
  readonly tcpRelays: Map<number, Relay>;
}

/** Tells which peers are relays of this server, whose data takes the straight path. */
export class RelayDirectory {
  readonly #all: readonly OwnAddress[];
  readonly #byFamily: Readonly<Record<AddressFamily, readonly OwnAddress[]>>;
  readonly #byAdvertised: ReadonlyMap<string, OwnAddress>;

  constructor(addresses: readonly RelayAddress[]) {
    this.#all = addresses.map((address) => ({ ...address, relays: new Map(), tcpRelays: new Map() }));
    this.#byFamily = {
      4: this.#all.filter(({ family }) => family === 4),
      6: this.#all.filter(({ family }) => family === 6),
    };
    this.#byAdvertised = new Map(this.#all.map((own) => [own.advertised, own]));
  }

  ofFamily(family: AddressFamily): readonly OwnAddress[] {
    return this.#byFamily[family];
  }

  /** The relays on an advertised address; `undefined` when the address is not one of this server. */
  ofAddress(advertised: string): OwnAddress | undefined {
    return this.#byAdvertised.get(advertised);
  }

  relays(): Relay[] {
    return this.#all.flatMap((own) => [...own.relays.values(), ...own.tcpRelays.values()]);
  }
}
