import { type TransportAddress } from '../../base/transport-address.ts';
import { type AnswerLimitOptions } from './authentication/answer-limit.ts';
import { type BandwidthOptions } from './relay/bandwidth-limits.ts';
import { type NatDiscoveryOptions } from './discovery/nat-discovery.ts';
import { type RealmOptions } from './authentication/realms.ts';
import { type SecurityFeatureOptions } from './authentication/security-features.ts';
import { type RedirectOptions } from './discovery/redirection.ts';

/**
 * What the end of a credential means for an allocation made with it.
 * `allocate-only`: only Allocate looks at it, as coturn does · `cap`: no granted lifetime passes it ·
 * `strict`: as `cap`, and no request is served after it. Deleting (LIFETIME 0) is honoured in all of them.
 */
export type ExpiryPolicy = 'allocate-only' | 'cap' | 'strict';

export interface RelayOptions {
  /** Relayed IP addresses as peers see them: the external ones behind 1:1 NAT. Their families are the families on offer. */
  readonly addresses: readonly string[];
  /** The range of relay ports, both ends included, within 1024 to 65535. */
  readonly ports: { readonly min: number; readonly max: number };
  /** Seconds for which a freed port is not used again while others are free, so that late data of its peers reaches no other client. */
  readonly portQuarantineSec: number;
}

export interface AllocationOptions {
  readonly defaultLifetimeSec: number;
  readonly maxLifetimeSec: number;
  /** Life of a permission in seconds; RFC 8656 §9 says 300. */
  readonly permissionLifetimeSec: number;
  /** Life of a channel binding in seconds; RFC 8656 §12 says 600. */
  readonly channelLifetimeSec: number;
  /** How many permissions one allocation may have at once; one more gets 508. */
  readonly permissions: number;
  /** How many channel bindings one allocation may have at once; one more gets 508. */
  readonly channels: number;
}

export interface PeerOptions {
  /**
   * Addresses, CIDR blocks or ranges (`a-b`) that are opened although special-purpose. A metadata service, an address of this machine and
   * one of the core open only to an entry for that one address, and never at a port where this process or the core is reached.
   */
  readonly allow: readonly string[];
  /** Addresses, CIDR blocks or ranges that are closed. Wins over `allow`. */
  readonly deny: readonly string[];
  /** Opens loopback, RFC 1918, 100.64.0.0/10 and ULA, also those of this machine. For tests. */
  readonly allowPrivate: boolean;
  /** Ranges that belong to the core behind the edge; none when absent. */
  readonly core?: readonly string[] | undefined;
}

/** TCP relaying (RFC 6062). Connections are those between relayed transport addresses and peers. */
export interface TcpRelayOptions {
  /** Seconds that a Connect waits for the peer; RFC 6062 §5.2 wants at least 30. */
  readonly connectTimeoutSec: number;
  /** How many connections of one allocation may be connecting or not bound by the client yet. */
  readonly pendingPerAllocation: number;
  /** How many connections one allocation may have. */
  readonly connectionsPerAllocation: number;
  /** How many connections all allocations may have. */
  readonly connections: number;
}

export interface TurnEngineOptions extends RealmOptions, SecurityFeatureOptions {
  /** SOFTWARE of Allocate and Refresh answers to authenticated clients; `undefined` sends none. */
  readonly software: string | undefined;
  readonly nonceLifetimeSec: number;
  readonly relay: RelayOptions;
  /** Transport addresses this process listens on, wildcard ones (`0.0.0.0`, `::`) as they are. Their ports are no peers on any own address. */
  readonly listeners: readonly TransportAddress[];
  /** Addresses of this host for good beside the relayed and the listeners' ones, such as external ones that lead to it. */
  readonly ownAddresses: readonly string[];
  readonly allocation: AllocationOptions;
  /** Relayed transport addresses, held ones too, of one person, of one client address (IPv4, or IPv6 /64) if bounded, and of all. */
  readonly quota: { readonly perUser: number; readonly perAddress?: number | undefined; readonly total: number };
  /** Bandwidth limits; absent: no limit. */
  readonly bandwidth?: BandwidthOptions | undefined;
  /** Limit of answers to clients that have proved nothing; absent: no limit. */
  readonly answerLimit?: AnswerLimitOptions | undefined;
  /** NAT behaviour discovery (RFC 5780); without it, CHANGE-REQUEST is an unknown attribute. */
  readonly natDiscovery?: NatDiscoveryOptions | undefined;
  readonly peers: PeerOptions;
  /** Whether channels 0x5000 to 0x7FFF may be bound too, which RFC 8656 §12 took from the range of RFC 5766. */
  readonly legacyChannelNumbers: boolean;
  readonly expiryPolicy: ExpiryPolicy;
  /** Other servers for new allocations; nowhere when absent. */
  readonly redirect?: RedirectOptions | undefined;
  /** Seconds for which the second port of EVEN-PORT is held; RFC 8656 §7.2 wants at least 30. */
  readonly reservationSec: number;
  /** Relaying of TCP (RFC 6062); absent: no TCP is relayed. */
  readonly tcpRelay?: TcpRelayOptions | undefined;
  /** Whether clients may take their allocations to another 5-tuple (RFC 8016). */
  readonly mobility: boolean;
  /** Whether the data plane can set the DF bit. If not, DONT-FRAGMENT is an unknown attribute (RFC 8656 §7.2 step 4). */
  readonly dontFragment: boolean;
}
