import { type TransportAddress } from '../../base/transport-address.ts';

/** What a relayed transport address speaks with peers: REQUESTED-TRANSPORT 17 or 6. */
export type RelayProtocol = 'udp' | 'tcp';

/** A relayed transport address that the plane holds open. */
export interface RelayHandle {
  /** The plane's small number of the relay, by which the plane knows it. Given again once `onRelayClosed` was told. */
  readonly slot: number;
  /** The address peers see: behind 1:1 NAT the external one. */
  readonly relayed: TransportAddress;
}

/** The engine tries another port on `in-use`, and answers 508 on `unavailable`. */
export type PortFailure = 'in-use' | 'unavailable';

/** A relay that could not be opened. */
export interface RelayNotOpened {
  readonly ok: false;
  readonly reason: PortFailure;
  /** The error of the system, for the log. */
  readonly detail: string;
}

/** The result of opening a relay. */
export type RelayOpening = { readonly ok: true; readonly value: RelayHandle } | RelayNotOpened;
