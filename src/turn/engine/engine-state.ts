import { type AddressFamily } from '../../base/ip.ts';
import { type LimitedLog } from '../../base/limited-log.ts';
import { type Logger } from '../../base/logger.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type AllocationLog } from './observe/allocation-log.ts';
import { type Allocation } from './allocation/allocation.ts';
import { type AllocationTable } from './allocation/allocation-table.ts';
import { type AnswerLimit } from './authentication/answer-limit.ts';
import { type DataPlane } from '../contract/data-plane.ts';
import { type TurnEngineOptions } from './engine-options.ts';
import { type NatDiscovery, type SendFrom } from './discovery/nat-discovery.ts';
import { type MobilityTickets } from './mobility/mobility-tickets.ts';
import { type OwnRelayChannels } from './peers/own-relay-channels.ts';
import { type PastAllocates } from './allocation/past-allocates.ts';
import { type PeerPolicy } from './peers/peer-policy.ts';
import { type Redirection } from './discovery/redirection.ts';
import { type RelayPorts } from './relay/relay-ports.ts';
import { type Reservations } from './allocation/reservations.ts';
import { type Tally } from './observe/tally.ts';
import { type TcpConnections } from './tcp/tcp-connections.ts';
import { type RelayProtocol } from '../contract/relay-handle.ts';
import { type TurnEvents } from './observe/turn-events.ts';
import { type WaitingRequests } from './authentication/waiting-requests.ts';

interface ClosingRelay {
  readonly protocol: RelayProtocol;
  readonly family: AddressFamily;
  readonly port: number;
}

/** What one engine holds and what its handlers work on. */
export interface EngineState {
  readonly options: TurnEngineOptions;
  readonly plane: DataPlane;
  readonly allocations: AllocationTable;
  readonly reservations: Reservations;
  /** The relay ports of UDP and those of TCP. */
  readonly relayPorts: Readonly<Record<RelayProtocol, RelayPorts>>;
  /** The ports of relays that the plane has been told to close, by the relay's slot. */
  readonly closing: Map<number, ClosingRelay>;
  readonly ownRelayChannels: OwnRelayChannels;
  readonly tcpConnections: TcpConnections;
  readonly policy: PeerPolicy;
  readonly pastAllocates: PastAllocates;
  /** Requests whose credentials a verifier has not judged yet. */
  readonly waiting: WaitingRequests;
  readonly timers: TimerQueue;
  /** What the timer of each allocation does. */
  readonly onAllocationDue: (allocation: Allocation, nowMs: number) => void;
  readonly events: TypedEvents<TurnEvents>;
  readonly logger: Logger;
  /** Log for lines that clients can cause as often as they like. */
  readonly limitedLog: LimitedLog;
  /** Log for lines about allocations, which clients with a credential can cause as often as they like. */
  readonly allocationLog: AllocationLog;
  readonly answerLimit: AnswerLimit;
  readonly tally: Tally;
  readonly redirection: Redirection;
  readonly natDiscovery: NatDiscovery | undefined;
  /** Sends an answer of `natDiscovery` from the place that the answer names. */
  readonly sendFrom: SendFrom;
  /** Makes and opens mobility tickets; absent when no allocation may move (RFC 8016). */
  readonly tickets: MobilityTickets | undefined;
  /** The address families that have a relayed address. */
  readonly families: ReadonlySet<AddressFamily>;
  /** Comprehension-required attribute types this engine acts on; others are 420, or drop an indication. */
  readonly understood: ReadonlySet<number>;
  readonly randomBytes: (count: number) => Buffer;
}
