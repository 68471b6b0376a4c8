import { type AddressFamily } from '../../../base/ip.ts';

/** The largest UDP payload: 65535 less the UDP header, and in IPv4 less the IP header too. */
export const MAX_UDP_PAYLOAD = { 4: 65_507, 6: 65_527 } as const satisfies Record<AddressFamily, number>;
