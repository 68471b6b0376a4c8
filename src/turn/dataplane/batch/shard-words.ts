/** What the main thread tells a shard. */
export const Command = {
  /** first: listener; second: descriptor of this shard's socket. */
  Listener: 1,
  /** first: leg; second: listener, or `ON_MAIN`; address: client. Also moves a leg. */
  Leg: 2,
  /** first: leg. */
  EndLeg: 3,
  /** first: relay; second: descriptor, or `ELSEWHERE`; address: as peers see it. */
  OpenRelay: 4,
  /** first: relay; second: leg; time: end. */
  ClaimRelay: 5,
  /** first: relay; time: end. */
  RelayEnd: 6,
  /** first: relay. */
  CloseRelay: 7,
  /** first: relay; second: 1 when it is open; time: end, or 0 to remove it; address: peer without a port. */
  Permission: 8,
  /** first: relay; second: channel; time: end, or 0 to remove it; address: peer. */
  Channel: 9,
  /** Data for a relay, from another one of this server. first: relay; address: peer; data. */
  Deliver: 10,
  /** ChannelData that came for a leg before the leg was here. first: leg; data. */
  Frame: 11,
  /** first: relay; data: numbers of its buckets, three words, `NO_BUCKET` where there is none. */
  Bandwidth: 12,
  /** data: ports of two bytes each, in place of those before. */
  GuardedPorts: 13,
} as const;
export type Command = (typeof Command)[keyof typeof Command];

/** What a shard tells the main thread. */
export const ShardEvent = {
  /** first: listener; address: client; data. */
  ClientMessage: 1,
  /** first: relay; address: peer; data. */
  PeerData: 2,
  /** first: relay; second: type, and code times 256; third: data; address: peer. */
  PeerError: 3,
  /** Data of a relay for one that another plane serves. first: that relay; address: peer; data. */
  OwnRelayData: 4,
  /** Data for a leg on the main thread. first: relay; second: channel; third: leg; data. */
  LegData: 5,
} as const;
export type ShardEvent = (typeof ShardEvent)[keyof typeof ShardEvent];

/** Listener of a leg whose client has a connection on the main thread. */
export const ON_MAIN = 0x7fff_ffff;

/** Words in shared memory by which a shard and the main thread wake each other. */
export const Flag = { ShardAsleep: 0, MainTold: 1, Stopped: 2 } as const;
export const FLAG_BYTES = 16;

/** Numbers under which sockets of a shard stand in its poll: relays by their own, these above. */
export const WAKE_UP = 0xffff_ffff;
export const FIRST_LISTENER = 0x8000_0000;

/** What a shard is started with. Everything can be sent to a thread. */
export interface ShardStart {
  readonly pollFd: number;
  readonly wakeUpFd: number;
  readonly flags: SharedArrayBuffer;
  readonly commands: SharedArrayBuffer;
  readonly events: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly buckets: SharedArrayBuffer;
  readonly relaySlots: number;
  /** What to add to CLOCK_MONOTONIC for the time of the engine, in milliseconds. */
  readonly clockOffsetMs: number;
  readonly seed: number;
  /** Whether datagrams may leave joined. */
  readonly joins: boolean;
}
