import { type AddressFamily } from '../../../base/ip.ts';

export interface RelayAddress {
  readonly family: AddressFamily;
  /** The local address to bind, canonical text. */
  readonly address: string;
  /** The address peers see: the external one behind 1:1 NAT, else the same. */
  readonly advertised: string;
}
