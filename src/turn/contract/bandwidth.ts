/** Which way a datagram of a relay goes. */
export type RelayDirection = 'to-peer' | 'to-client';

/** Whose limit a datagram is too much for. */
export type BandwidthScope = 'allocation' | 'user' | 'total';

/** What the plane asks about each datagram of a relay that is limited. */
export interface RelayBandwidth {
  /** Counts the datagram, or tells the limit that it is too much for; it is then dropped and counts for none. Allocates nothing. */
  exceededBy(direction: RelayDirection, bytes: number, nowMs: number): BandwidthScope | undefined;
}
