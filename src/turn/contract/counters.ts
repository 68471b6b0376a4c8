/** Counters of one relay, `COUNTERS_PER_RELAY` doubles each, in this order. */
export const RELAY_COUNTERS = ['packetsToPeer', 'bytesToPeer', 'packetsToClient', 'bytesToClient', 'dropped'] as const;
export type RelayCounter = (typeof RELAY_COUNTERS)[number];
export const COUNTERS_PER_RELAY = RELAY_COUNTERS.length;
