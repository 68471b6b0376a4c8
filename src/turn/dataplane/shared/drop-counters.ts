/** The index of each reason in the counters, so that counting on the packet path hashes no name. */
export const Drop = {
  UnknownFirstByte: 0,
  Malformed: 1,
  Expired: 2,
  NoPermission: 3,
  ReservedRelay: 4,
  BadPeerAddress: 5,
  TooLarge: 6,
  SendQueueFull: 7,
  ClientNotReading: 8,
  ConnectionLimit: 9,
  ProxyProtocol: 10,
  BandwidthOfAllocation: 11,
  BandwidthOfUser: 12,
  BandwidthOfAll: 13,
  KernelBufferFull: 14,
  EngineBusy: 15,
  /** Waited while there was more to relay than can be. */
  Late: 16,
} as const;
export type DropIndex = (typeof Drop)[keyof typeof Drop];

/** Why a packet was not passed on. Every drop of the transports and the data plane has one of these. */
const TRANSPORT_DROP_REASONS = {
  [Drop.UnknownFirstByte]: 'unknown-first-byte',
  [Drop.Malformed]: 'malformed',
  [Drop.Expired]: 'expired',
  [Drop.NoPermission]: 'no-permission',
  [Drop.ReservedRelay]: 'reserved-relay',
  [Drop.BadPeerAddress]: 'bad-peer-address',
  [Drop.TooLarge]: 'too-large',
  [Drop.SendQueueFull]: 'send-queue-full',
  [Drop.ClientNotReading]: 'client-not-reading',
  [Drop.ConnectionLimit]: 'connection-limit',
  [Drop.ProxyProtocol]: 'proxy-protocol',
  [Drop.BandwidthOfAllocation]: 'bandwidth-allocation',
  [Drop.BandwidthOfUser]: 'bandwidth-user',
  [Drop.BandwidthOfAll]: 'bandwidth-total',
  [Drop.KernelBufferFull]: 'kernel-buffer-full',
  [Drop.EngineBusy]: 'engine-busy',
  [Drop.Late]: 'late',
} as const satisfies Readonly<Record<DropIndex, string>>;
export type TransportDropReason = (typeof TRANSPORT_DROP_REASONS)[DropIndex];

/** What each reason means to an operator, and what to do. */
export const TRANSPORT_DROP_SENTENCES: Readonly<Record<TransportDropReason, string>> = {
  'unknown-first-byte': 'What a client sent is neither STUN nor ChannelData.',
  malformed: 'What a client sent is cut short, or its length is not what it says.',
  expired: 'The allocation, permission or channel had ended. Clients refresh them in time.',
  'no-permission': 'A peer sent to a relay whose client has not permitted its address (RFC 8656 §9).',
  'reserved-relay': 'A peer sent to a port that is only reserved for a later allocation.',
  'bad-peer-address': 'The address has port 0, or is of no family that can be answered.',
  'too-large': 'More than fits into a UDP datagram.',
  'send-queue-full': 'The socket took no more. Larger buffers help against bursts: `turn.sockets`.',
  'client-not-reading': 'A client on TCP or TLS reads more slowly than its peers send.',
  'connection-limit': 'One connection too many: `turn.stream`.',
  'proxy-protocol': 'A connection of a listed proxy came without its PROXY header, or with one that cannot be read.',
  'bandwidth-allocation': 'Above the limit of an allocation: `turn.bandwidth`.',
  'bandwidth-user': 'Above the limit of a user: `turn.bandwidth`.',
  'bandwidth-total': 'Above the limit of all together: `turn.bandwidth`.',
  'kernel-buffer-full':
    'The kernel had no room for what came. Larger buffers help against bursts, `turn.dataPlane: batch` or more machines against more.',
  'engine-busy':
    'More control messages came than the main thread could take, with `turn.dataPlane: batch`. Use more machines.',
  late: 'It waited on the main thread while one turn of that took 50 ms and longer, and would have come seconds late: there is more to relay than one processor can. Use `turn.dataPlane: batch`, or more machines.',
};

/** How many packets were dropped for each reason since the start. */
export class DropCounters {
  readonly #counts = new Float64Array(Object.keys(Drop).length);

  add(reason: DropIndex, count = 1): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
  }

  snapshot(): Record<TransportDropReason, number> {
    const counts = Object.values(Drop).map((index) => [TRANSPORT_DROP_REASONS[index], this.#counts[index] ?? 0]);
    return Object.fromEntries(counts) as Record<TransportDropReason, number>;
  }
}
