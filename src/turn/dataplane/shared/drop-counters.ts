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
