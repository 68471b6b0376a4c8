import { EpcscfTurnError } from '../../../base/errors.ts';
import { IpRanges, numericAddress } from '../../../base/ip-ranges.ts';
import { formatIp, parseIp } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { CoreAddresses } from './core-addresses.ts';
import { type TurnEngineOptions } from '../engine-options.ts';
import { isIsatap } from './isatap.ts';
import { OwnAddresses } from './own-addresses.ts';
import { SPECIAL_PURPOSE_RANGES, type SpecialPurpose } from './special-purpose-ranges.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';
import { type PeerDenial } from '../observe/turn-words.ts';

/**
 * What holds for every port of an address.
 * `open`: any port but our listeners' and the core's · `own-relays-only`: one of our relayed addresses, where only live relayed transport
 * addresses are peers.
 */
export type AddressRule = 'open' | 'own-relays-only' | { readonly denied: PeerDenial };

/** Whether a transport address is a live relayed transport address of this server. */
type IsLiveRelay = (peer: TransportAddress, protocol: RelayProtocol) => boolean;

/**
 * Which peers the relay reaches. In order, the first that applies:
 * 1. our own listeners, and the ports of the core behind the edge: never;
 * 2. our own live relayed transport addresses: always, so that two clients of this server reach each other;
 * 3. what is no unicast address, and IPv4 inside IPv6 in every encoding: never. The inner address is not looked at, since what a
 *    translator or tunnel on the way makes of it is not ours to know, and a client that means an IPv4 peer can ask for an IPv4 relay;
 * 4. the deny list; 5. an entry of the allow list for this one address: open;
 * 6. metadata services and the core: denied; 7. addresses of this machine: denied, but for `allowPrivate` where they are private;
 * 8. the allow list; 9. `allowPrivate`; 10. special-purpose ranges: denied; 11. else allowed.
 *
 * A permission has no port (RFC 8656 §9), so it is judged by `addressRule`, and each datagram of it by `peerDenial`. What the machine and the
 * core are may change while clients hold permissions: see `recheckPeers`.
 */
export class PeerPolicy {
  readonly #special = new IpRanges<SpecialPurpose>();
  readonly #deny: IpRanges;
  readonly #allow: IpRanges;
  readonly #allowPrivate: boolean;
  readonly #relayAddresses: ReadonlySet<string>;
  readonly #own: OwnAddresses;
  readonly #core: CoreAddresses;
  readonly #isLiveRelay: IsLiveRelay;

  /** Throws `ERR_CONFIG_INVALID` on an entry that is no address or range. */
  constructor(options: TurnEngineOptions, isLiveRelay: IsLiveRelay) {
    for (const [range, purpose] of SPECIAL_PURPOSE_RANGES) this.#special.add(range, purpose);
    const { deny, allow, core, allowPrivate } = options.peers;
    this.#deny = readList(deny, 'turn.peers.deny');
    this.#allow = readList(allow, 'turn.peers.allow');
    this.#allowPrivate = allowPrivate;
    this.#relayAddresses = new Set(options.relay.addresses.map((text) => canonicalIp(text, 'turn.relay.addresses')));
    const ownAddresses = options.ownAddresses.map((text) => canonicalIp(text, 'turn own addresses'));
    this.#own = new OwnAddresses(options.listeners, [...this.#relayAddresses, ...ownAddresses]);
    this.#core = new CoreAddresses(readList(core ?? [], 'edge.core.trusted'), this.#own);
    this.#isLiveRelay = isLiveRelay;
  }

  /** Adds listeners of this process beside those of the TURN server: no client may have them as peers. */
  addOwnListeners(listeners: readonly TransportAddress[]): void {
    this.#own.addListeners(listeners);
  }

  /** Replaces the addresses of this machine, as canonical IP text or CIDR text. Returns true when that closes a peer that was open. */
  setHostAddresses(addresses: readonly string[]): boolean {
    return this.#own.setHostAddresses(addresses);
  }

  /** Replaces the addresses of the core. Returns true when that closes a peer that was open. */
  setCoreAddresses(addresses: readonly TransportAddress[]): boolean {
    return this.#core.set(addresses);
  }

  /** Whether the word on an address depends on what may change: `setHostAddresses`, `setCoreAddresses` and `addOwnListeners`. */
  mayChange(address: string): boolean {
    return this.#own.hasAddress(address) || this.#core.isNamed(address);
  }

  /** Ports that are closed at some address which is `open`: what goes to another port of an open address is always allowed. */
  guardedPorts(): readonly number[] {
    return [...new Set([...this.#own.ports, ...this.#core.ports])];
  }

  /** The rule for an address in canonical IP text. */
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
    if (this.#own.hasListener(peer)) return 'own-listener';
    if (this.#core.hasEndpoint(peer)) return 'core';
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
    if (this.#allow.hasExactly(numeric)) return undefined;
    if (special === 'metadata') return special;
    if (this.#core.hasAddress(address, numeric)) return 'core';
    if (special === 'private' && this.#allowPrivate) return undefined;
    if (this.#own.hasAddress(address)) return special ?? 'own-address';
    return this.#allow.find(numeric) ? undefined : special;
  }
}

function readList(entries: readonly string[], path: string): IpRanges {
  const list = new IpRanges();
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
