/** Which way a datagram of a relay goes. */
export type RelayDirection = 'to-peer' | 'to-client';

/** What is shared by those whom one bandwidth limit holds. */
export type BandwidthScope = 'allocation' | 'user' | 'total';

/** A limit in each direction. Relays that name one bucket of a scope share it, and it holds a second's worth. */
export interface BandwidthBucket {
  readonly name: string;
  /** Bytes a second of what peers send, and as many of what they are sent. */
  readonly bytesPerSec: number;
}

/** The bandwidth limits of a relay; a scope that is absent has none. */
export type RelayBandwidth = Readonly<Partial<Record<BandwidthScope, BandwidthBucket>>>;
