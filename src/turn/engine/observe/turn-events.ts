import { type AddressFamily } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type ClientTransport } from '../../contract/client-path.ts';
import { type RelayCounter } from '../../contract/counters.ts';
import {
  type AllocationEndCause,
  type AuthenticationCause,
  type PeerDenial,
  type RefusalCause,
  type RelayEndCause,
} from './turn-words.ts';

export type RelayCounters = Readonly<Record<RelayCounter, number>>;

export interface ClientInfo {
  readonly transport: ClientTransport;
  readonly client: TransportAddress;
}

export interface AllocationInfo extends ClientInfo {
  readonly allocationId: string;
  /** u: the pseudonymous TURN name. */
  readonly user: string;
  /** Realm of the user. Unless it is the default realm, `user` ends with `@` and the realm. */
  readonly realm: string;
  /** Label of the key that verified the credential. */
  readonly keyId: string;
  /** The first of `relayedAll`. */
  readonly relayed: TransportAddress;
  /** What it has at the moment: one, or IPv4 and then IPv6. */
  readonly relayedAll: readonly TransportAddress[];
  /** Family of `relayed`. */
  readonly family: AddressFamily;
}

export interface TurnEvents {
  /** Each request of a method that is ours, and its answer; in between, what the request caused. Made only while somebody listens. */
  'turn-message': ClientInfo & {
    readonly direction: 'in' | 'out';
    /** When the message passed, in UNIX milliseconds. */
    readonly at: number;
    /** The STUN message, a copy. */
    readonly bytes: Uint8Array;
  };
  'allocation-created': AllocationInfo & { readonly lifetimeSec: number };
  /** With what has passed so far: clients refresh every few minutes, so this is also how usage is told while an allocation lives. */
  'allocation-refreshed': AllocationInfo & { readonly lifetimeSec: number; readonly counters: RelayCounters };
  'allocation-ended': AllocationInfo & {
    readonly cause: AllocationEndCause;
    /** Counters, summed over all relayed transport addresses that the allocation had. */
    readonly counters: RelayCounters;
  };
  /** One of two relayed transport addresses ended, and its allocation goes on with the other. */
  'relay-ended': AllocationInfo & { readonly ended: TransportAddress; readonly cause: RelayEndCause };
  /** Its client uses another path from here on, which `client` and `transport` name. */
  'allocation-moved': AllocationInfo & { readonly from: ClientInfo };
  /** A TCP relay and a peer have a connection, for the client to bind. */
  'peer-connected': AllocationInfo & { readonly peer: TransportAddress; readonly by: 'client' | 'peer' };
  /** `bound`: whether the client had taken it. */
  'peer-closed': AllocationInfo & { readonly peer: TransportAddress; readonly bound: boolean };
  /** Once for each address that had no live permission before; refreshing one is silent. */
  'permission-created': AllocationInfo & { readonly peerAddress: string };
  /** Once for each new binding; refreshing one is silent. */
  'channel-bound': AllocationInfo & { readonly channel: number; readonly peer: TransportAddress };
  'authentication-refused': ClientInfo & {
    readonly method: number;
    readonly cause: AuthenticationCause;
    /** The USERNAME as received; absent when the request had none. */
    readonly username?: string;
  };
  'request-refused': ClientInfo & {
    readonly method: number;
    readonly code: number;
    readonly cause: RefusalCause;
    readonly user?: string;
  };
  /** A peer the policy keeps out: on CreatePermission and ChannelBind each time, on data once for each permission. */
  'peer-denied': AllocationInfo & { readonly peer: TransportAddress; readonly cause: PeerDenial };
}

/** What each event of the TURN server says. */
export const TURN_EVENTS = {
  'turn-message': 'A STUN request came, or its answer left.',
  'allocation-created': 'A client has a new allocation.',
  'allocation-refreshed': 'A client refreshed its allocation. `counters` say what was relayed so far.',
  'allocation-ended': 'An allocation has ended. `counters` say what was relayed over all of its relayed addresses.',
  'relay-ended': 'One of two relayed addresses of an allocation ended. The allocation goes on with the other.',
  'allocation-moved': 'The client of an allocation uses another address or connection from here on (RFC 8016).',
  'peer-connected': 'A TCP relay and a peer have a connection, which the client may bind (RFC 6062).',
  'peer-closed': 'The connection between a TCP relay and a peer has ended.',
  'permission-created': 'An allocation has a permission for a new address. Refreshing one is no event.',
  'channel-bound': 'An allocation has a new channel. Refreshing one is no event.',
  'authentication-refused': 'The TURN server refused a request that did not prove who sent it.',
  'request-refused': 'The TURN server refused a request whose sender was proved.',
  'peer-denied':
    'The peer policy keeps an address out. CreatePermission and ChannelBind give an event each; data gives one for each permission.',
} as const satisfies Readonly<Record<keyof TurnEvents, string>>;
