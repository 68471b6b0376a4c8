import { type TimerHandle } from '../../../base/timer-queue.ts';
import { formatTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { type Answer } from '../requests/answer.ts';

/** `connecting`: a Connect waits for the peer · `unbound`: waits for its ConnectionBind (RFC 6062 §5.4) · `bound`: joined to the client's. */
export type TcpConnectionState = 'connecting' | 'unbound' | 'bound';

/** A connection between a TCP relay and a peer: a "peer data connection" of RFC 6062. */
export interface TcpConnection {
  /** The CONNECTION-ID. */
  readonly id: number;
  readonly allocation: Allocation;
  readonly peer: TransportAddress;
  state: TcpConnectionState;
  /** Until it is bound: when its time is over. */
  timer: TimerHandle | undefined;
  /** Answers the Connect request, once; absent unless the state is `connecting`. */
  readonly settle: ((answer: Answer) => void) | undefined;
}

interface OfAllocation {
  /** By transport address: RFC 6062 §5.2 allows one connection to each. */
  readonly byPeer: Map<string, TcpConnection>;
  waiting: number;
}

/** The connections of all TCP relays, by CONNECTION-ID and by allocation and peer. */
export class TcpConnections {
  readonly #byId = new Map<number, TcpConnection>();
  readonly #byAllocation = new Map<Allocation, OfAllocation>();

  get size(): number {
    return this.#byId.size;
  }

  add(connection: TcpConnection): void {
    this.#byId.set(connection.id, connection);
    const own = this.#byAllocation.get(connection.allocation) ?? {
      byPeer: new Map<string, TcpConnection>(),
      waiting: 0,
    };
    own.byPeer.set(formatTransportAddress(connection.peer), connection);
    if (connection.state !== 'bound') own.waiting += 1;
    this.#byAllocation.set(connection.allocation, own);
  }

  /** Moves a connection to the state `bound`. No other call does. */
  bind(connection: TcpConnection): void {
    const own = this.#byAllocation.get(connection.allocation);
    if (own && connection.state !== 'bound') own.waiting -= 1;
    connection.state = 'bound';
  }

  /** Removes a connection. Returns false when it is gone already. */
  remove(connection: TcpConnection): boolean {
    if (!this.#byId.delete(connection.id)) return false;
    const own = this.#byAllocation.get(connection.allocation);
    if (!own) return true;
    own.byPeer.delete(formatTransportAddress(connection.peer));
    if (connection.state !== 'bound') own.waiting -= 1;
    if (own.byPeer.size === 0) this.#byAllocation.delete(connection.allocation);
    return true;
  }

  get(id: number): TcpConnection | undefined {
    return this.#byId.get(id);
  }

  to(allocation: Allocation, peer: TransportAddress): TcpConnection | undefined {
    return this.#byAllocation.get(allocation)?.byPeer.get(formatTransportAddress(peer));
  }

  of(allocation: Allocation): readonly TcpConnection[] {
    return [...(this.#byAllocation.get(allocation)?.byPeer.values() ?? [])];
  }

  /** How many connections an allocation has, and how many of them are not bound. */
  countOf(allocation: Allocation): { readonly all: number; readonly waiting: number } {
    const own = this.#byAllocation.get(allocation);
    return { all: own?.byPeer.size ?? 0, waiting: own?.waiting ?? 0 };
  }
}
