/** Why a packet was not passed on. Every drop of the transports and the data plane has one of these. */
export const TRANSPORT_DROP_REASONS = [
  'unknown-first-byte',
  'malformed',
  'expired',
  'no-permission',
  'reserved-relay',
  'bad-peer-address',
  'too-large',
  'send-queue-full',
  'client-not-reading',
  'connection-limit',
  'impaired',
  'proxy-protocol',
  'bandwidth-allocation',
  'bandwidth-user',
  'bandwidth-total',
  'kernel-buffer-full',
] as const;
export type TransportDropReason = (typeof TRANSPORT_DROP_REASONS)[number];

/** Plain numbers behind fixed indexes: counting on the packet path must not hash a name. */
export class DropCounters {
  readonly #counts = new Float64Array(TRANSPORT_DROP_REASONS.length);

  add(reason: DropIndex, count = 1): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
  }

  snapshot(): Record<TransportDropReason, number> {
    return Object.fromEntries(TRANSPORT_DROP_REASONS.map((reason, i) => [reason, this.#counts[i] ?? 0])) as Record<
      TransportDropReason,
      number
    >;
  }
}

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
  Impaired: 10,
  ProxyProtocol: 11,
  BandwidthOfAllocation: 12,
  BandwidthOfUser: 13,
  BandwidthOfAll: 14,
  KernelBufferFull: 15,
} as const;
export type DropIndex = (typeof Drop)[keyof typeof Drop];
