import { type AddressFamily } from '../../core/ip.ts';
import { type TransportAddress } from '../../core/transport-address.ts';
import { type LookupFailure } from '../../credentials/credential.ts';
import { type ClientTransport, type RelayCounter } from './data-plane.ts';

/** Why a request did not pass authentication. For the log and the event only; the answer says 400, 401 or 438. */
export type AuthenticationCause =
  | LookupFailure
  | 'no-credentials'
  /** An integrity attribute of another length than its HMAC has. */
  | 'malformed-integrity'
  | 'incomplete-credentials'
  | 'wrong-key-or-password'
  | 'stale-nonce'
  | 'foreign-nonce'
  /** It chose a password algorithm, but not from what was offered, or without MESSAGE-INTEGRITY-SHA256. */
  | 'bid-down'
  /** Its key is made with MD5, which is not offered. */
  | 'weak-algorithm'
  /** A `TurnTap` asked for it. */
  | 'fault';

/** Why a peer is out of bounds. */
export type PeerDenial =
  | 'not-an-address'
  | 'own-listener'
  /** Of this machine, and no relayed address. */
  | 'own-address'
  /** Where the core behind the edge is. */
  | 'core'
  | 'not-a-live-relay'
  | 'port-zero'
  | 'ipv4-in-ipv6'
  | 'not-unicast'
  | 'deny-list'
  | 'metadata'
  | 'private'
  | 'special-purpose';

/** Why a request that passed authentication (or needs none) was refused. */
export type RefusalCause =
  | 'expired'
  | 'malformed-attribute'
  | 'missing-attribute'
  | 'conflicting-attributes'
  | 'unknown-attribute'
  /** More than any request needs; too many XOR-PEER-ADDRESS are `permission-limit`. */
  | 'too-many-attributes'
  | 'no-allocation'
  | 'allocation-exists'
  | 'other-user'
  | 'unsupported-transport'
  | 'unsupported-family'
  | 'family-mismatch'
  | 'tunnelled-client'
  | 'unknown-reservation'
  | 'user-quota'
  | 'address-quota'
  | 'total-quota'
  /** Sent to another server. */
  | 'redirected'
  /** This server takes no new allocations, and there is none to send the client to. */
  | 'draining'
  | 'no-free-port'
  | 'relay-unavailable'
  | 'peer-denied'
  | 'permission-limit'
  | 'channel-out-of-range'
  | 'channel-bound-to-other-peer'
  | 'peer-bound-to-other-channel'
  | 'channel-limit'
  /** What goes with UDP alone on an allocation that relays TCP, or the other way round. */
  | 'wrong-relay-protocol'
  | 'connection-exists'
  | 'connection-limit'
  | 'connect-failed'
  | 'connect-timeout'
  /** A CONNECTION-ID that waits for no ConnectionBind. */
  | 'unknown-connection'
  /** A ConnectionBind in the clear for an allocation whose own connection is TLS. */
  | 'clear-connection'
  /** A MOBILITY-TICKET where no allocation may move, or on one that relays TCP. */
  | 'mobility-forbidden'
  /** A MOBILITY-TICKET that is not ours, was used before, or has no place in the request. */
  | 'unknown-ticket'
  /** A MOBILITY-TICKET on the path where the client is already. */
  | 'client-did-not-move'
  /** A `TurnTap` asked for it. */
  | 'fault';

export type AllocationEndCause = 'expired' | 'deleted-by-client' | 'client-closed' | 'operator' | 'stopped';

/** Why one of two relayed transport addresses ended before its allocation. */
export type RelayEndCause = Extract<AllocationEndCause, 'expired' | 'deleted-by-client'>;

export type RelayCounters = Readonly<Record<RelayCounter, number>>;

export interface ClientInfo {
  readonly transport: ClientTransport;
  readonly client: TransportAddress;
}

export interface AllocationInfo extends ClientInfo {
  readonly allocationId: string;
  /** u: the pseudonymous TURN name. */
  readonly user: string;
  /** Label of the key that verified the credential. */
  readonly keyId: string;
  /** The first of `relayedAll`. */
  readonly relayed: TransportAddress;
  /** What it has at the moment: one, or IPv4 and then IPv6. */
  readonly relayedAll: readonly TransportAddress[];
  /** Of `relayed`. */
  readonly family: AddressFamily;
}

export interface TurnEvents {
  /** Each request of a method that is ours, and its answer; in between, what the request caused. Made only while somebody listens. */
  'turn-message': ClientInfo & {
    readonly direction: 'in' | 'out';
    /** UNIX milliseconds */
    readonly at: number;
    /** The STUN message, a copy. */
    readonly bytes: Uint8Array;
  };
  'allocation-created': AllocationInfo & { readonly lifetimeSec: number };
  /** With what has passed so far: clients refresh every few minutes, so this is also how usage is told while an allocation lives. */
  'allocation-refreshed': AllocationInfo & { readonly lifetimeSec: number; readonly counters: RelayCounters };
  'allocation-ended': AllocationInfo & {
    readonly cause: AllocationEndCause;
    /** Summed over all the relayed transport addresses it had. */
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
    /** USERNAME as received, when there was one. */
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
