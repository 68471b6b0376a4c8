import { type TransportAddress } from '../../base/transport-address.ts';

/** A relayed transport address that the plane holds open. */
export interface RelayHandle {
  /** Dense small number, reused after close: the index into the plane's counters. */
  readonly slot: number;
  /** The address peers see: behind 1:1 NAT the external one. */
  readonly relayed: TransportAddress;
}
