import { type AddressFamily } from '../../core/ip.ts';
import { type TimerHandle } from '../../core/timer-queue.ts';
import { formatTransportAddress, type TransportAddress } from '../../core/transport-address.ts';
import { type Credential } from './authenticate.ts';
import { type ClientPath, type RelayHandle } from './data-plane.ts';
import { type AddressRule } from './peer-policy.ts';

export interface Permission {
  /** Monotonic milliseconds. */
  expiresAtMs: number;
  /** The policy's word on the address; the policy does not change while the engine lives. */
  readonly rule: AddressRule;
  /** A denied datagram was reported; the next ones are only dropped, so that a sender cannot fill the log. */
  denialReported: boolean;
}

interface ChannelBinding {
  readonly channel: number;
  readonly peer: TransportAddress;
  /** Monotonic milliseconds. */
  expiresAtMs: number;
}

interface AllocationInit {
  readonly id: string;
  readonly client: ClientPath;
  readonly relay: RelayHandle;
  readonly family: AddressFamily;
  readonly port: number;
  /** Of the Allocate that made it, in hex: its retransmission is answered again. */
  readonly createdBy: string;
  readonly credential: Credential;
  readonly createdAtUnixMs: number;
  readonly expiresAtMs: number;
  readonly reservationToken: Buffer | undefined;
  /** The client asked for a second family that it did not get. */
  readonly missingFamily: AddressFamily | undefined;
}

/** The record of RFC 8656 §6. Times are monotonic milliseconds; what has expired counts as gone whether or not it was swept. */
export class Allocation {
  readonly id: string;
  readonly client: ClientPath;
  readonly relay: RelayHandle;
  readonly family: AddressFamily;
  /** The port asked of the plane, which behind a port-mapping NAT need not be the one peers see. */
  readonly port: number;
  readonly createdBy: string;
  readonly createdAtUnixMs: number;
  readonly reservationToken: Buffer | undefined;
  readonly missingFamily: AddressFamily | undefined;
  /** Moves to a fresh credential of the same user on Refresh. */
  credential: Credential;
  expiresAtMs: number;
  timer: TimerHandle | undefined;
  readonly #permissions = new Map<string, Permission>();
  readonly #channels = new Map<number, ChannelBinding>();
  readonly #channelByPeer = new Map<string, ChannelBinding>();

  constructor(init: AllocationInit) {
    this.id = init.id;
    this.client = init.client;
    this.relay = init.relay;
    this.family = init.family;
    this.port = init.port;
    this.createdBy = init.createdBy;
    this.createdAtUnixMs = init.createdAtUnixMs;
    this.reservationToken = init.reservationToken;
    this.missingFamily = init.missingFamily;
    this.credential = init.credential;
    this.expiresAtMs = init.expiresAtMs;
    this.timer = undefined;
  }

  get user(): string {
    return this.credential.user;
  }

  /** Whole seconds left, as LIFETIME tells them. */
  lifetimeLeftSec(nowMs: number): number {
    return Math.max(0, Math.round((this.expiresAtMs - nowMs) / 1000));
  }

  permission(address: string, nowMs: number): Permission | undefined {
    const permission = this.#permissions.get(address);
    return permission && permission.expiresAtMs > nowMs ? permission : undefined;
  }

  /** Inserts or refreshes. */
  setPermission(address: string, rule: AddressRule, expiresAtMs: number): void {
    const permission = this.#permissions.get(address);
    if (permission) permission.expiresAtMs = expiresAtMs;
    else this.#permissions.set(address, { expiresAtMs, rule, denialReported: false });
  }

  channel(channel: number, nowMs: number): ChannelBinding | undefined {
    return live(this.#channels.get(channel), nowMs);
  }

  channelTo(peer: TransportAddress, nowMs: number): ChannelBinding | undefined {
    return live(this.#channelByPeer.get(formatTransportAddress(peer)), nowMs);
  }

  /** Inserts or refreshes. The caller has checked that neither side is bound otherwise (RFC 8656 §12.2). */
  setChannel(channel: number, peer: TransportAddress, expiresAtMs: number): ChannelBinding {
    const binding = { channel, peer, expiresAtMs };
    this.#channels.set(channel, binding);
    this.#channelByPeer.set(formatTransportAddress(peer), binding);
    return binding;
  }

  /** Takes out the binding to a peer, if there is one, expired or not. */
  removeChannelTo(peer: TransportAddress): ChannelBinding | undefined {
    const key = formatTransportAddress(peer);
    const binding = this.#channelByPeer.get(key);
    if (!binding) return undefined;
    this.#channelByPeer.delete(key);
    this.#channels.delete(binding.channel);
    return binding;
  }

  channels(): Iterable<ChannelBinding> {
    return this.#channels.values();
  }

  get permissionCount(): number {
    return this.#permissions.size;
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  /** Forgets what has expired and tells what it was. */
  sweep(nowMs: number): { readonly permissions: readonly string[]; readonly channels: readonly ChannelBinding[] } {
    const permissions = [...this.#permissions]
      .filter(([, { expiresAtMs }]) => expiresAtMs <= nowMs)
      .map(([key]) => key);
    const channels = [...this.#channels.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    for (const address of permissions) this.#permissions.delete(address);
    for (const { peer } of channels) this.removeChannelTo(peer);
    return { permissions, channels };
  }

  /** When the next thing of this allocation ends. */
  nextDeadlineMs(): number {
    let next = this.expiresAtMs;
    for (const { expiresAtMs } of this.#permissions.values()) next = Math.min(next, expiresAtMs);
    for (const { expiresAtMs } of this.#channels.values()) next = Math.min(next, expiresAtMs);
    return next;
  }
}

function live(binding: ChannelBinding | undefined, nowMs: number): ChannelBinding | undefined {
  return binding && binding.expiresAtMs > nowMs ? binding : undefined;
}
