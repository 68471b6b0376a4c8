import * as z from 'zod';

export const count = z.int().min(0);
export const unixMs = z.number().describe('UNIX milliseconds.');
export const unixSec = z.int().describe('UNIX seconds.');
export const user = z.string().describe('The lab user, as far as known.').optional();
export const turnName = z.string().describe('u, the pseudonymous TURN name.');

export const clientTransport = z.enum(['udp', 'tcp', 'tls']).describe('Transport between client and TURN server.');

export const address = z
  .looseObject({
    family: z.union([z.literal(4), z.literal(6)]),
    address: z.string(),
    port: z.int().min(0).max(65_535),
  })
  .describe('An IP address and port.');

export const relayCounters = z
  .looseObject({
    packetsToPeer: count,
    bytesToPeer: count,
    packetsToClient: count,
    bytesToClient: count,
    dropped: count,
  })
  .describe('What was relayed so far: packets and payload bytes each way, and dropped packets.');
