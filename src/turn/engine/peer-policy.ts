import { EpcscfTurnError } from '../../core/errors.ts';
import { formatIp, parseIp } from '../../core/ip.ts';
import { type TransportAddress } from '../../core/transport-address.ts';
import { type TurnEngineOptions } from './engine-options.ts';
import { IpRangeList, numericAddress } from './ip-range-list.ts';
import { isIsatap } from './isatap.ts';
import { OwnListeners } from './own-listeners.ts';
import { SPECIAL_PURPOSE_RANGES, type SpecialPurpose } from './special-purpose-ranges.ts';
import { type RelayProtocol } from './tcp-relay-plane.ts';
import { type PeerDenial } from './turn-events.ts';

/**
 * What holds for every port of an address.
 * `open`: any port but our listeners' · `own-relays-only`: one of our relayed addresses that is closed otherwise (a relay on loopback, say),
 * where only live relayed transport addresses are peers.
 */
export type AddressRule = 'open' | 'own-relays-only' | { readonly denied: PeerDenial };

/** Whether a transport address is a live relayed transport address of this server. */
type IsLiveRelay = (peer: TransportAddress, protocol: RelayProtocol) => boolean;

/**
 * Which peers the relay reaches. In order, the first that applies:
 * 1. our own listeners: never;
 * 2. our own live relayed transport addresses: always, so that two clients of this server reach each other;
 * 3. what is no unicast address, and IPv4 inside IPv6 in every encoding: never. The inner address is not looked at, since what a
 *    translator or tunnel on the way makes of it is not ours to know, and a client that means an IPv4 peer can ask for an IPv4 relay;
 * 4. the deny list; 5. the allow list (a metadata service opens only to an entry for its one address);
 * 6. `allowPrivate`; 7. special-purpose ranges: denied; 8. else allowed.
 *
 * A permission has no port (RFC 8656 §9), so it is judged by `addressRule`, and each datagram of it by `peerDenial`.
 */
export class PeerPolicy {
  readonly #special = new IpRangeList<SpecialPurpose>();
  readonly #deny: IpRangeList<true>;
  readonly #allow: IpRangeList<true>;
  readonly #allowPrivate: boolean;
  readonly #relayAddresses: ReadonlySet<string>;
  readonly #ownListeners: OwnListeners;
  readonly #isLiveRelay: IsLiveRelay;

  /** Throws `ERR_CONFIG_INVALID` on an entry that is no address or range. */
  constructor(options: TurnEngineOptions, isLiveRelay: IsLiveRelay) {
    for (const [range, purpose] of SPECIAL_PURPOSE_RANGES) this.#special.add(range, purpose);
    this.#deny = readList(options.peers.deny, 'turn.peers.deny');
    this.#allow = readList(options.peers.allow, 'turn.peers.allow');
    this.#allowPrivate = options.peers.allowPrivate;
    this.#relayAddresses = new Set(options.relay.addresses.map((text) => canonicalIp(text, 'turn.relay.addresses')));
    const ownAddresses = options.ownAddresses.map((text) => canonicalIp(text, 'turn own addresses'));
    this.#ownListeners = new OwnListeners(options.listeners, [...this.#relayAddresses, ...ownAddresses]);
    this.#isLiveRelay = isLiveRelay;
  }

  /** Listeners of this process beside the TURN server's own. */
  addOwnListeners(listeners: readonly TransportAddress[]): void {
    this.#ownListeners.add(listeners);
  }

  /** `address` is canonical IP text. */
  addressRule(address: string): AddressRule {
    const denial = this.#denial(address);
    if (denial === undefined) return 'open';
    return this.#relayAddresses.has(address) ? 'own-relays-only' : { denied: denial };
  }

  /** Why this very transport address is no peer, or `undefined` when it is one. `rule` spares judging the address again. */
  peerDenial(
    peer: TransportAddress,
    rule: AddressRule = this.addressRule(peer.address),
    protocol: RelayProtocol = 'udp',
  ): PeerDenial | undefined {
    if (peer.port === 0) return 'port-zero';
    if (this.#ownListeners.has(peer)) return 'own-listener';
    if (rule === 'open' || this.#isLiveRelay(peer, protocol)) return undefined;
    return rule === 'own-relays-only' ? 'not-a-live-relay' : rule.denied;
  }

  #denial(address: string): PeerDenial | undefined {
    const bytes = parseIp(address);
    if (!bytes) return 'not-an-address';
    if (isIsatap(bytes)) return 'ipv4-in-ipv6';
    const numeric = numericAddress(bytes);
    const special = this.#special.find(numeric)?.value;
    if (special === 'not-unicast' || special === 'ipv4-in-ipv6') return special;
    if (this.#deny.find(numeric)) return 'deny-list';
    const allowed = this.#allow.find(numeric);
    if (allowed && (special !== 'metadata' || allowed.range.first === allowed.range.last)) return undefined;
    if (special === 'private' && this.#allowPrivate) return undefined;
    return special;
  }
}

function readList(entries: readonly string[], path: string): IpRangeList<true> {
  const list = new IpRangeList<true>();
  for (const [index, entry] of entries.entries()) {
    if (list.add(entry, true)) continue;
    throw new EpcscfTurnError(
      'ERR_CONFIG_INVALID',
      `${path}.${index}: expected an IP address, a CIDR block without host bits, or first-last, got ${JSON.stringify(entry)}`,
    );
  }
  return list;
}

function canonicalIp(text: string, path: string): string {
  const bytes = parseIp(text);
  if (bytes) return formatIp(bytes);
  throw new EpcscfTurnError('ERR_CONFIG_INVALID', `${path}: expected an IP address, got ${JSON.stringify(text)}`);
}
