import { sourceKey } from '../../../base/address-key.ts';
import { AgeMap } from '../../../base/age-map.ts';
import { type AddressFamily } from '../../../base/ip.ts';
import { type TimerHandle } from '../../../base/timer-queue.ts';
import { formatTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { type Credential } from '../authentication/authenticate.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type AddressRule } from '../peers/peer-policy.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';
import { type RelayCounters } from '../observe/turn-events.ts';

export interface Permission {
  /** Monotonic milliseconds. */
  expiresAtMs: number;
  /** The policy's word on the address, as of the last refresh or `recheckPeers`. */
  rule: AddressRule;
  /** A denied datagram was reported; the next ones are only dropped, so that a sender cannot fill the log. */
  denialReported: boolean;
}

interface Permitted {
  readonly family: AddressFamily;
  /** The peer address in canonical IP text. */
  readonly address: string;
}

export interface ChannelBinding {
  readonly channel: number;
  readonly peer: TransportAddress;
  /** Monotonic milliseconds. */
  expiresAtMs: number;
}

/** One relayed transport address of an allocation, with its own time-to-expiry: RFC 8656 §8.1 refreshes and deletes each of two by itself. */
export interface AllocatedRelay {
  readonly relay: RelayHandle;
  readonly family: AddressFamily;
  /** The port asked of the plane, which behind a port-mapping NAT need not be the one peers see. */
  readonly port: number;
  /** Monotonic milliseconds. */
  expiresAtMs: number;
}

/** The family of ADDITIONAL-ADDRESS-FAMILY that was wished and not had, and why, as ADDRESS-ERROR-CODE tells it. */
export interface MissingFamily {
  readonly family: AddressFamily;
  readonly code: number;
}

interface AllocationInit {
  readonly id: string;
  readonly client: ClientPath;
  /** One, or IPv4 and then IPv6. */
  readonly relays: readonly [AllocatedRelay, ...AllocatedRelay[]];
  readonly protocol: RelayProtocol;
  /** `StunMessage.transaction` of the Allocate that made the allocation: its retransmission is answered again. */
  readonly createdBy: string;
  readonly credential: Credential;
  readonly createdAtUnixMs: number;
  readonly reservationToken: Buffer | undefined;
  readonly missing: MissingFamily | undefined;
  /** Whether its client may take it to another 5-tuple (RFC 8016). */
  readonly mobile: boolean;
}

const NO_CHANNELS: readonly ChannelBinding[] = [];

/** The record of RFC 8656 §6. Times are monotonic milliseconds; what has expired counts as gone whether or not it was swept. */
export class Allocation {
  readonly id: string;
  /** The path to the client. `AllocationTable` changes it when the client moves. */
  client: ClientPath;
  /** Where the client has shown its ticket, until it uses that path (RFC 8016). */
  movingTo: ClientPath | undefined;
  /** Whether the connection of `client` is gone. Only a mobility ticket finds the allocation then. */
  abandoned: boolean;
  /** Serial number of the MOBILITY-TICKET that is good; `undefined` when the allocation may not move. */
  ticketSerial: number | undefined;
  /** `StunMessage.transaction` of the Refresh that used the last ticket up: its retransmission is answered again. */
  movedBy: string | undefined;
  /** The person whose quota counts the allocation, for its whole life. */
  readonly person: string;
  /** `sourceKey` of the client that made it: where the quota of an address counts it, for its whole life. */
  readonly source: string;
  /** Protocol that the relays of the allocation speak with peers: UDP or TCP. */
  readonly protocol: RelayProtocol;
  readonly createdBy: string;
  readonly createdAtUnixMs: number;
  readonly reservationToken: Buffer | undefined;
  readonly missing: MissingFamily | undefined;
  /** Moves to a fresh credential of the same user on Refresh. */
  credential: Credential;
  timer: TimerHandle | undefined;
  /** The nonce with which its client has authenticated last, and the key of the path on which it has. */
  #nonce: string | undefined = undefined;
  #nonceKey: string | undefined = undefined;
  /** Counters of a relay of the allocation that has ended. */
  settled: RelayCounters | undefined;
  /** The relays, at least one: an allocation ends with its last relay. */
  #relays: readonly [AllocatedRelay, ...AllocatedRelay[]];
  /**
   * All permissions have the same lifetime, and so have all channels: in the order of their last refresh, which is that of their ends. Each table is
   * made with its first entry.
   */
  #permissions: AgeMap<Permission> | undefined = undefined;
  #channels: AgeMap<ChannelBinding, number> | undefined = undefined;
  #channelByPeer: Map<string, ChannelBinding> | undefined = undefined;

  constructor(init: AllocationInit) {
    this.id = init.id;
    this.client = init.client;
    this.person = init.credential.person;
    this.source = sourceKey(init.client.remote);
    this.movingTo = undefined;
    this.abandoned = false;
    this.ticketSerial = init.mobile ? 1 : undefined;
    this.movedBy = undefined;
    this.#relays = init.relays;
    this.protocol = init.protocol;
    this.createdBy = init.createdBy;
    this.createdAtUnixMs = init.createdAtUnixMs;
    this.reservationToken = init.reservationToken;
    this.missing = init.missing;
    this.credential = init.credential;
    this.timer = undefined;
    this.settled = undefined;
  }

  /** A request about the allocation was authenticated with this nonce, in the realm of its credential. */
  noteNonce({ key }: ClientPath, nonce: string | undefined): void {
    this.#nonce = nonce;
    this.#nonceKey = key;
  }

  /** A nonce that was good on this path; `undefined` when none is known. */
  nonceOn({ key }: ClientPath): string | undefined {
    return key === this.#nonceKey ? this.#nonce : undefined;
  }

  get user(): string {
    return this.credential.user;
  }

  /** The relays that the allocation has now; a second one may have ended before. */
  get relays(): readonly [AllocatedRelay, ...AllocatedRelay[]] {
    return this.#relays;
  }

  /** The first of its relays. Peers of either family are reached through `relayTo`. */
  get relay(): RelayHandle {
    return this.#relays[0].relay;
  }

  /** Family of the first of its relays. */
  get family(): AddressFamily {
    return this.#relays[0].family;
  }

  /** The relay towards peers of this family; `undefined` when there is none. */
  relayTo(family: AddressFamily): AllocatedRelay | undefined {
    return this.#relays.find((one) => one.family === family);
  }

  /** When the last relay of the allocation ends, in monotonic milliseconds. */
  get expiresAtMs(): number {
    return this.#relays.reduce((last, { expiresAtMs }) => Math.max(last, expiresAtMs), -Infinity);
  }

  /** When the first relay of the allocation ends, in monotonic milliseconds. */
  get firstEndMs(): number {
    return this.#relays.reduce((first, { expiresAtMs }) => Math.min(first, expiresAtMs), Infinity);
  }

  /** Takes out one of two relays with its permissions and channels; those of the other stay (RFC 8656 §8.1). */
  removeRelay(ended: AllocatedRelay): readonly ChannelBinding[] {
    const [first, ...others] = this.#relays.filter((one) => one !== ended);
    if (!first) return [];
    this.#relays = [first, ...others];
    for (const { key: address } of this.#permissions?.entries() ?? []) {
      if (familyOfText(address) === ended.family) this.removePermission(address);
    }
    const channels = this.channels().filter(({ peer }) => peer.family === ended.family);
    for (const { peer } of channels) this.removeChannelTo(peer);
    return channels;
  }

  /** Whole seconds left, as LIFETIME tells them. */
  lifetimeLeftSec(nowMs: number): number {
    return Math.max(0, Math.round((this.expiresAtMs - nowMs) / 1000));
  }

  permission(address: string, nowMs: number): Permission | undefined {
    const permission = this.#permissions?.get(address);
    return permission && permission.expiresAtMs > nowMs ? permission : undefined;
  }

  /** Inserts or refreshes a permission. */
  setPermission(address: string, rule: AddressRule, expiresAtMs: number): void {
    this.#permissions ??= new AgeMap();
    const permission = this.#permissions.get(address) ?? { expiresAtMs, rule, denialReported: false };
    permission.expiresAtMs = expiresAtMs;
    permission.rule = rule;
    this.#permissions.set(address, permission);
  }

  /** Takes out a permission, expired or not. */
  removePermission(address: string): void {
    this.#permissions?.delete(address);
  }

  permissions(): readonly { readonly address: string; readonly permission: Permission }[] {
    return [...(this.#permissions?.entries() ?? [])].map(({ key, value }) => ({ address: key, permission: value }));
  }

  channel(channel: number, nowMs: number): ChannelBinding | undefined {
    return live(this.#channels?.get(channel), nowMs);
  }

  channelTo(peer: TransportAddress, nowMs: number): ChannelBinding | undefined {
    return live(this.#channelByPeer?.get(formatTransportAddress(peer)), nowMs);
  }

  /** Inserts or refreshes a channel binding. The caller has checked that neither side is bound otherwise (RFC 8656 §12.2). */
  setChannel(channel: number, peer: TransportAddress, expiresAtMs: number): ChannelBinding {
    const binding = { channel, peer, expiresAtMs };
    this.#channels ??= new AgeMap();
    this.#channels.set(channel, binding);
    this.#channelByPeer ??= new Map();
    this.#channelByPeer.set(formatTransportAddress(peer), binding);
    return binding;
  }

  /** Takes out the binding to a peer, if there is one, expired or not. */
  removeChannelTo(peer: TransportAddress): ChannelBinding | undefined {
    const key = formatTransportAddress(peer);
    const binding = this.#channelByPeer?.get(key);
    if (!binding) return undefined;
    this.#channelByPeer?.delete(key);
    this.#channels?.delete(binding.channel);
    return binding;
  }

  channels(): readonly ChannelBinding[] {
    return this.#channels ? [...this.#channels.entries()].map(({ value }) => value) : NO_CHANNELS;
  }

  get permissionCount(): number {
    return this.#permissions?.size ?? 0;
  }

  get channelCount(): number {
    return this.#channels?.size ?? 0;
  }

  /** Forgets what has expired and tells what it was. Looks at no more than that, however much there is. */
  sweep(nowMs: number): { readonly permissions: readonly Permitted[]; readonly channels: readonly ChannelBinding[] } {
    const permissions: Permitted[] = [];
    for (const { key: address, value } of this.#permissions?.entries() ?? []) {
      if (value.expiresAtMs > nowMs) break;
      permissions.push({ family: familyOfText(address), address });
      this.removePermission(address);
    }
    const channels: ChannelBinding[] = [];
    for (const { value } of this.#channels?.entries() ?? []) {
      if (value.expiresAtMs > nowMs) break;
      channels.push(value);
      this.removeChannelTo(value.peer);
    }
    return { permissions, channels };
  }

  /** The next deadline of the allocation: of a relay, a permission or a channel. */
  nextDeadlineMs(): number {
    const permissionEndMs = this.#permissions?.oldest?.value.expiresAtMs ?? Infinity;
    const channelEndMs = this.#channels?.oldest?.value.expiresAtMs ?? Infinity;
    return Math.min(this.firstEndMs, permissionEndMs, channelEndMs);
  }
}

/** Family of an address in canonical IP text. */
function familyOfText(address: string): AddressFamily {
  return address.includes(':') ? 6 : 4;
}

function live(binding: ChannelBinding | undefined, nowMs: number): ChannelBinding | undefined {
  return binding && binding.expiresAtMs > nowMs ? binding : undefined;
}
